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

        foreach (Function function in header.Functions)
        {
            IEnumerable<string> parameters =
                function.Parameters.Select(parameter => $"{types.Spell(parameter.Type)} {CSharpTypes.SpellName(parameter.Name)}");
            text.Append($"\n{documentation.Write(function.Documentation, Indent)}");
            text.Append($"{Indent}[LibraryImport(LibraryName)]\n");
            text.Append($"{Indent}[UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]\n");
            text.Append($"{Indent}public static partial {types.Spell(function.ReturnType)} {function.Name}(");
            text.Append($"{string.Join(", ", parameters)});\n");
        }

        return text.Append("}\n").ToString();
    }
}
