using System.CommandLine;
using System.Globalization;
using Kernels.Interop;
using Reverb;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

var input = new Option<string[]>("--input")
{
    Description = "WAV file to hear in the room, may be given more than once; without it, the recordings that "
        + "build/fetch-speech.sh fetches",
    HelpName = "FILE",
    DefaultValueFactory = _ => [],
};
var output = new Option<string>("--output")
{
    Description = "WAV file to write, in stereo",
    HelpName = "FILE",
    DefaultValueFactory = _ => "reverb.wav",
};
var drawing = new Option<string?>("--drawing")
{
    Description = "SVG file to draw both waveforms in; without it, they are not drawn",
    HelpName = "FILE",
};
var room = new Option<string>("--room")
{
    Description = "Length, width and height of the room in metres",
    HelpName = "LxWxH",
    DefaultValueFactory = _ => "18x11x6",
};
var time = new Option<double>("--rt60")
{
    Description = "Reverberation time: seconds until sound has lost 60 dB",
    HelpName = "SECONDS",
    DefaultValueFactory = _ => 3,
};
var block = new Option<int>("--block")
{
    Description = "Samples of a block",
    HelpName = "N",
    DefaultValueFactory = _ => 16384,
};
var device = new Option<string>("--device")
{
    Description = "Where the convolution runs: auto, cpu or cuda:N",
    HelpName = "NAME",
    DefaultValueFactory = _ => "auto",
};
var command = new RootCommand(
    "Plays a recording in a modelled room: convolves it with the room's response, block by block, and compares with doing it at "
    + "once.")
{
    input, output, drawing, room, time, block, device,
};

var parsed = command.Parse(args);
if (parsed.Errors.Count > 0)
{
    return Fail(string.Join(' ', parsed.Errors.Select(error => error.Message)) + " Try --help.", exitCode: 2);
}

command.SetAction(result => ReverbApplication.Run(
    new ReverbOptions(
        result.GetRequiredValue(input),
        result.GetRequiredValue(output),
        result.GetValue(drawing),
        result.GetRequiredValue(room),
        result.GetValue(time),
        result.GetValue(block),
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

static int Fail(string message, int exitCode)
{
    Console.Error.WriteLine($"error: {message}");
    return exitCode;
}
