using System.Text;
using Kernels.Interop.Bindings.Model;

namespace Kernels.Interop.Bindings.Emit;

/// <summary>Writes the exports as P/Invokes, and the constants.</summary>
internal static class NativeMethodsEmitter
{
    private const string Indent = "    ";

    public static string Emit(Header header)
    {
        XmlDocumentation documentation = new(header);
        CSharpTypes types = new(header);
        StringBuilder text = new("""
            using System.Runtime.CompilerServices;
            using System.Runtime.InteropServices;

            namespace Kernels.Interop.Native;

            /// <summary>The exports of the native library, named as in C.</summary>
            internal static unsafe partial class NativeMethods
            {
                /// <summary>Name of the native library, without prefix and suffix.</summary>
                public const string LibraryName = "kernels_interop";

            """);
        foreach (Constant constant in header.Constants)
        {
            text.Append($"\n{documentation.Write(constant.Documentation, Indent)}");
            text.Append($"{Indent}public const int {constant.Name} = {constant.Value};\n");
        }

        ILookup<string, Callback> callbacks = header.Callbacks.ToLookup(callback => callback.Name);
        foreach (Function function in header.Functions)
        {
            // C# has no name for a callback's type, so its comment goes where it is used.
            IEnumerable<string> remarks =
                from parameter in function.Parameters
                from callback in callbacks[parameter.Type.Spelling]
                select $"`{callback.Name}`: {string.Join(' ', callback.Documentation!.Paragraphs)}";
            IEnumerable<string> parameters =
                from parameter in function.Parameters
                select $"{types.Spell(parameter.Type)} {CSharpTypes.SpellName(parameter.Name)}";
            text.Append($"\n{documentation.Write(function.Documentation, Indent, remarks)}");
            text.Append($"{Indent}[LibraryImport(LibraryName)]\n");
            text.Append($"{Indent}[UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]\n");
            text.Append($"{Indent}public static partial {types.Spell(function.ReturnType)} {function.Name}(");
            text.Append($"{string.Join(", ", parameters)});\n");
        }

        return text.Append("}\n").ToString();
    }
}
