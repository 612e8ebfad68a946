using System.CommandLine;
using System.Globalization;
using Kernels.Interop;
using LongContext;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

var text = new Option<string[]>("--text")
{
    Description = "File to read, may be given more than once; without it, the licences in /usr/share/common-licenses",
    HelpName = "FILE",
    DefaultValueFactory = _ => [],
};
var tokens = Number("--tokens", "Tokens (bytes) of the text to read, over all sequences", 16384);
var generated = Number("--decode", "Tokens of each sequence that come one by one", 128);
var budget = Number("--chunk", "Tokens of one step while there are prompts to read", 512);
var window = Number("--window", "Tokens that a token sees before itself", 1024);
var sinks = Number("--sinks", "First tokens of a sequence that every token sees", 4);
var pageSize = Number("--page-size", "Tokens of a page of the cache", 64);
var device = new Option<string>("--device")
{
    Description = "Where attention runs: auto, cpu or cuda:N",
    HelpName = "NAME",
    DefaultValueFactory = _ => "auto",
};
var command = new RootCommand(
    "Reads a long text through a small decoder, in pieces over a paged cache, and compares with reading it at once.")
{
    text, tokens, generated, budget, window, sinks, pageSize, device,
};

var parsed = command.Parse(args);
if (parsed.Errors.Count > 0)
{
    return Fail(string.Join(' ', parsed.Errors.Select(error => error.Message)) + " Try --help.", exitCode: 2);
}

command.SetAction(result => ContextApplication.Run(
    new ContextOptions(
        result.GetRequiredValue(text),
        result.GetValue(tokens),
        result.GetValue(generated),
        result.GetValue(budget),
        result.GetValue(window),
        result.GetValue(sinks),
        result.GetValue(pageSize),
        result.GetRequiredValue(device)),
    Console.Out));

try
{
    return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (InputException exception)
{
    return Fail(exception.Message, exitCode: 2);
}
catch (Exception exception) when (exception is IKernelError or NativeLibraryNotFoundException or AbiMismatchException)
{
    return Fail(exception.Message, exitCode: 1);
}

static Option<int> Number(string name, string description, int value) => new(name)
{
    Description = description,
    HelpName = "N",
    DefaultValueFactory = _ => value,
};

static int Fail(string message, int exitCode)
{
    Console.Error.WriteLine($"error: {message}");
    return exitCode;
}
