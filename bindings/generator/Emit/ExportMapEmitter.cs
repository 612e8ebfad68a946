using Kernels.Interop.Bindings.Model;

namespace Kernels.Interop.Bindings.Emit;

/// <summary>Writes the linker's version script: what the header declares is exported, and nothing else.</summary>
internal static class ExportMapEmitter
{
    public static string Emit(Header header) =>
        "KERNELS_INTEROP_0 {\n  global:\n" +
        string.Concat(header.Functions.Select(function => $"    {function.Name};\n")) +
        "  local:\n    *;\n};\n";
}
