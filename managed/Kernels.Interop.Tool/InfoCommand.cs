using System.Globalization;
using Spectre.Console;

namespace Kernels.Interop.Tool;

/// <summary>Prints what the library finds on this machine.</summary>
internal static class InfoCommand
{
    private const int WidthThatBreaksNoPath = 4096;

    /// <summary>Runs the command.</summary>
    /// <returns>The exit code: 0, or 1 if the native library cannot be used.</returns>
    public static int Run()
    {
        if (Console.IsOutputRedirected)
        {
            AnsiConsole.Profile.Width = WidthThatBreaksNoPath;
        }
        try
        {
            Console.WriteLine($"version   {KernelLibrary.Version}");
            Console.WriteLine($"ABI hash  0x{KernelLibrary.AbiHash:x16}");
            Console.WriteLine($"library   {KernelLibrary.Path}");
            foreach (DeviceInfo device in Device.Enumerate())
            {
                AnsiConsole.Write(Describe(device));
            }
            AnsiConsole.Write(Probe());
            return 0;
        }
        catch (Exception error) when (error is NativeLibraryNotFoundException or AbiMismatchException or IKernelError)
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }
    }

    private static Table Describe(DeviceInfo device) => new Table().RoundedBorder().AddColumns("Device", device.Name.EscapeMarkup())
        .AddRow("Model", device.Model.EscapeMarkup())
        .AddRow("Target", device.Target.EscapeMarkup())
        .AddRow("Parallelism", device.Parallelism.ToString(CultureInfo.InvariantCulture))
        .AddRow("Memory", Bytes(device.MemoryBytes, 1 << 30, "GiB"))
        .AddRow("L2 cache", Bytes(device.L2CacheBytes, 1 << 10, "KiB"))
        .AddRow("Reason", device.Reason.EscapeMarkup());

    private static Table Probe()
    {
        Table table = new Table().RoundedBorder().AddColumns("Tried for", "Status", "Subject", "Detail");
        foreach (ProbeEntry entry in Device.Probe())
        {
            table.AddRow(
                entry.Kind.ToString(),
                entry.Status == KernelStatus.Ok ? "[green]Ok[/]" : $"[yellow]{entry.Status}[/]",
                entry.Subject.EscapeMarkup(),
                entry.Detail.EscapeMarkup());
        }
        return table;
    }

    private static string Bytes(ulong bytes, int unit, string name) =>
        (bytes / (double)unit).ToString("0.#", CultureInfo.InvariantCulture) + " " + name;
}
