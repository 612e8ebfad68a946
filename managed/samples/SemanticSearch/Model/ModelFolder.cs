namespace SemanticSearch.Model;

/// <summary>Where the model's files are, and how they are read.</summary>
internal static class ModelFolder
{
    /// <summary>Environment variable that names the folder.</summary>
    public const string Variable = "KERNELS_INTEROP_MODEL";

    /// <summary>The folder that <see cref="Variable"/> names, else what <c>build/fetch-model.sh</c> makes.</summary>
    public static string Default
    {
        get
        {
            if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } chosen)
            {
                return chosen;
            }

            var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg
                ? xdg
                : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
            return Path.Combine(cache, "kernels-interop", "models", "use-lite-0.2.0");
        }
    }

    /// <summary>Reads one file of the model.</summary>
    /// <exception cref="ModelException">The folder or the file is missing or cannot be read.</exception>
    public static byte[] Read(string folder, string file)
    {
        if (!Directory.Exists(folder))
        {
            throw new ModelException(
                $"there is no model folder {folder}; run build/fetch-model.sh to fetch it, or name one with --model");
        }

        var path = Path.Combine(folder, file);
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (FileNotFoundException)
        {
            throw new ModelException(
                $"the model folder {folder} has no file {file}; remove the folder and run build/fetch-model.sh");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"cannot read {path}: {exception.Message}", exception);
        }
    }
}
