using System.Text;
using Kernels.Interop.Bindings.Model;

namespace Kernels.Interop.Bindings.Emit;

/// <summary>Writes the enums, structs and handles as blittable types.</summary>
internal static class NativeTypesEmitter
{
    private const string Indent = "    ";

    public static string Emit(Header header)
    {
        XmlDocumentation documentation = new(header);
        CSharpTypes types = new(header);
        StringBuilder text = new("""
            #pragma warning disable CS0649 // Native code assigns the fields.

            using System.Runtime.InteropServices;

            namespace Kernels.Interop.Native;

            """);
        foreach (Enumeration @enum in header.Enums)
        {
            text.Append($"\n{documentation.Write(@enum.Documentation, "")}");
            text.Append(@enum.IsFlags ? "[System.Flags]\n" : "");
            text.Append($"internal enum {@enum.Name} : {ScalarType.All[@enum.UnderlyingType].CSharp}\n{{\n");
            text.AppendJoin('\n', @enum.Members.Select(member =>
                $"{documentation.Write(member.Documentation, Indent)}{Indent}{member.Name} = {member.Value},\n"));
            text.Append("}\n");
        }

        foreach (Handle handle in header.Handles)
        {
            text.Append($"\n{documentation.Write(handle.Documentation, "")}internal readonly struct {handle.Name};\n");
        }

        foreach (Structure @struct in header.Structs)
        {
            text.Append($"\n{documentation.Write(@struct.Documentation, "")}");
            text.Append($"[StructLayout(LayoutKind.Sequential)]\ninternal unsafe struct {@struct.Name}\n{{\n");
            text.AppendJoin('\n', @struct.Fields.Select(field =>
                $"{documentation.Write(field.Documentation, Indent)}{Indent}public {Declare(field, types)};\n"));
            text.Append("}\n");
        }

        return text.ToString();
    }

    private static string Declare(Field field, CSharpTypes types) => field.Type is ArrayType array
        ? $"fixed {types.Spell(array.Element)} {CSharpTypes.SpellName(field.Name)}[{array.Length}]"
        : $"{types.Spell(field.Type)} {CSharpTypes.SpellName(field.Name)}";
}
