using System.CommandLine;
using System.Globalization;
using Kernels.Interop;
using SemanticSearch;
using SemanticSearch.Model;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

var sentences = new Option<string?>("--sentences")
{
    Description = "UTF-8 file with one sentence a line; sentences on everyday topics come with this program",
    HelpName = "FILE",
};
var queries = new Option<string[]>("--query")
{
    Description = "Text to search for; may be given more than once; some come with this program",
    HelpName = "TEXT",
    DefaultValueFactory = _ => [],
};
var model = new Option<string>("--model")
{
    Description = $"Folder of the model, made by build/fetch-model.sh; ${ModelFolder.Variable} sets another default",
    HelpName = "DIR",
    DefaultValueFactory = _ => ModelFolder.Default,
};
var device = new Option<string>("--device")
{
    Description = "Where attention runs: auto, cpu or cuda:N",
    HelpName = "NAME",
    DefaultValueFactory = _ => "auto",
};
var top = new Option<int>("--top")
{
    Description = "Matches to show for a query",
    HelpName = "N",
    DefaultValueFactory = _ => 5,
};
var noComparison = new Option<bool>("--no-comparison")
{
    Description = "Leave out the comparison of attention with plain C#, which takes some seconds",
};
var command = new RootCommand(
    "Finds sentences by meaning, with a small transformer whose attention runs through Kernels.Interop.")
{
    sentences, queries, model, device, top, noComparison,
};

var parsed = command.Parse(args);
if (parsed.Errors.Count > 0)
{
    return Fail(string.Join(' ', parsed.Errors.Select(error => error.Message)) + " Try --help.", exitCode: 2);
}

command.SetAction(result => SearchApplication.Run(new SearchOptions(
    result.GetValue(sentences),
    result.GetRequiredValue(queries),
    result.GetRequiredValue(model),
    result.GetRequiredValue(device),
    result.GetValue(top),
    !result.GetValue(noComparison))));

try
{
    return parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
}
catch (InputException exception)
{
    return Fail(exception.Message, exitCode: 2);
}
catch (Exception exception) when (exception is ModelException or IKernelError or NativeLibraryNotFoundException
    or AbiMismatchException or PlatformNotSupportedException)
{
    return Fail(exception.Message, exitCode: 1);
}

static int Fail(string message, int exitCode)
{
    Console.Error.WriteLine($"error: {message}");
    return exitCode;
}
