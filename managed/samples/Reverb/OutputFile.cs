namespace Reverb;

/// <summary>Files that the program makes.</summary>
internal static class OutputFile
{
    /// <summary>Writes a file, and the folder it belongs in.</summary>
    /// <exception cref="InputException">It cannot be written.</exception>
    public static void Write(string path, byte[] bytes)
    {
        try
        {
            if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder)
            {
                Directory.CreateDirectory(folder);
            }

            File.WriteAllBytes(path, bytes);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InputException($"cannot write {path}: {exception.Message}");
        }
    }
}
