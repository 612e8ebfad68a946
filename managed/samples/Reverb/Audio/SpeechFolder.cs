namespace Reverb.Audio;

/// <summary>The recordings that <c>build/fetch-speech.sh</c> fetches.</summary>
internal static class SpeechFolder
{
    /// <summary>Where they are.</summary>
    public static string Path
    {
        get
        {
            var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } xdg
                ? xdg
                : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
            return System.IO.Path.Combine(cache, "kernels-interop", "speech");
        }
    }

    /// <summary>The files, in the order they are to be heard in.</summary>
    /// <exception cref="InputException">They were not fetched.</exception>
    public static IReadOnlyList<string> Files => Directory.Exists(Path)
        ? [.. Directory.GetFiles(Path, "*.wav").Order(StringComparer.Ordinal)]
        : throw new InputException($"there is no folder {Path}; run build/fetch-speech.sh to fetch it, or name a WAV file with --input");
}
