using Kernels.Interop.Bindings.Model;

namespace Kernels.Interop.Bindings.Emit;

/// <summary>A generated file: its name under the output folder, and its text.</summary>
internal sealed record GeneratedFile(string Name, string Text)
{
    public override string ToString() => Name;

    private const string Notice = "Generated from native/include/kernels_interop.h; do not edit.";

    /// <summary>Every file that is made from a header.</summary>
    public static IReadOnlyList<GeneratedFile> All(Header header) =>
    [
        new("NativeMethods.g.cs", $"// {Notice}\n{NativeMethodsEmitter.Emit(header)}"),
        new("NativeTypes.g.cs", $"// {Notice}\n{NativeTypesEmitter.Emit(header)}"),
        new("AbiHash.g.cs", $"// {Notice}\n{AbiHashEmitter.EmitCSharp(header)}"),
        new("abi_hash.g.h", $"// {Notice}\n{AbiHashEmitter.EmitCpp(header)}"),
        new("AbiLayout.g.cs", $"// {Notice}\n{AbiLayoutEmitter.EmitCSharp(header)}"),
        new("abi_layout.g.inc", $"// {Notice}\n{AbiLayoutEmitter.EmitCpp(header)}"),
        new("exports.g.map", $"/* {Notice} */\n{ExportMapEmitter.Emit(header)}"),
        new("abi.g.txt", $"# {Notice}\n{AbiHasher.CanonicalText(header)}"),
    ];
}
