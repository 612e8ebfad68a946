namespace LongContext;

/// <summary>What the command line asks for.</summary>
/// <param name="Texts">files to read; none for the licences of the system</param>
/// <param name="Tokens">tokens to read, over all sequences</param>
/// <param name="Decoded">tokens of each sequence that come one by one</param>
/// <param name="StepTokens">tokens of one step while there are prompts to read</param>
/// <param name="Window">tokens that a token sees before itself</param>
/// <param name="Sinks">first tokens of a sequence that every token sees</param>
/// <param name="PageSize">tokens of a page of the cache</param>
/// <param name="Device">device to compute attention on</param>
internal sealed record ContextOptions(
    IReadOnlyList<string> Texts, int Tokens, int Decoded, int StepTokens, int Window, int Sinks, int PageSize, string Device)
{
    /// <summary>Refuses numbers that make no sense.</summary>
    /// <exception cref="InputException">There is one.</exception>
    public void Check()
    {
        AtLeast("--tokens", Tokens, 1);
        AtLeast("--decode", Decoded, 0);
        AtLeast("--chunk", StepTokens, 1);
        AtLeast("--window", Window, 0);
        AtLeast("--sinks", Sinks, 0);
        AtLeast("--page-size", PageSize, 1);
    }

    private static void AtLeast(string option, int value, int smallest)
    {
        if (value < smallest)
        {
            throw new InputException($"{option} must be at least {smallest}, not {value}");
        }
    }
}
