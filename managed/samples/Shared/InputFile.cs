namespace Samples;

/// <summary>Files that the user names.</summary>
internal static class InputFile
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">its path</param>
    /// <param name="read">reads it</param>
    /// <exception cref="InputException">It is not there or cannot be read.</exception>
    public static T Read<T>(string path, Func<string, T> read)
    {
        try
        {
            return read(path);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new InputException($"there is no file {path}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InputException($"cannot read {path}: {exception.Message}");
        }
    }
}
