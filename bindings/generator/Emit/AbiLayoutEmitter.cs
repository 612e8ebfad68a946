using System.Text;
using Kernels.Interop.Bindings.Model;

namespace Kernels.Interop.Bindings.Emit;

/// <summary>Writes sizes and offsets as libclang measured them, for tests to compare with each compiler's own.</summary>
internal static class AbiLayoutEmitter
{
    public static string EmitCSharp(Header header)
    {
        CSharpTypes types = new(header);
        StringBuilder text = new("""
            namespace Kernels.Interop.Native;

            /// <summary>Layout of the structs: what C has, and beside it what the C# structs have.</summary>
            internal static unsafe class AbiLayout
            {
                /// <summary>Size of a struct in bytes.</summary>
                internal readonly record struct Struct(string Name, int Size, int ManagedSize);

                /// <summary>Offset and size of a field in bytes.</summary>
                internal readonly record struct Field(
                    string Struct, string Name, int Offset, int Size, int ManagedOffset, int ManagedSize);

                /// <summary>Every struct.</summary>
                public static readonly Struct[] Structs =
                [

            """);
        foreach (Structure @struct in header.Structs)
        {
            text.Append($"        new(\"{@struct.Name}\", {@struct.Size}, sizeof({@struct.Name})),\n");
        }

        text.Append("    ];\n\n    /// <summary>Every field of every struct, in order.</summary>\n");
        text.Append("    public static readonly Field[] Fields =\n    [\n");
        foreach (Structure @struct in header.Structs)
        {
            text.Append($"        .. Fields_{@struct.Name}(),\n");
        }

        text.Append("    ];\n");
        foreach (Structure @struct in header.Structs)
        {
            text.Append($"\n    private static Field[] Fields_{@struct.Name}()\n    {{\n");
            text.Append($"        {@struct.Name} value;\n        return\n        [\n");
            foreach (Field field in @struct.Fields)
            {
                string address = $"{(field.Type is ArrayType ? "" : "&")}value.{CSharpTypes.SpellName(field.Name)}";
                text.Append($"            new(\"{@struct.Name}\", \"{field.Name}\", {field.Offset}, {field.Size}, ");
                text.Append($"(int)((byte*){address} - (byte*)&value), {types.SpellSize(field.Type)}),\n");
            }

            text.Append("        ];\n    }\n");
        }

        return text.Append("}\n").ToString();
    }

    public static string EmitCpp(Header header)
    {
        StringBuilder text = new("""
            // Define KI_STRUCT(name, size) and KI_FIELD(struct, field, offset, size) before including this file.

            """);
        foreach (Structure @struct in header.Structs)
        {
            text.Append($"KI_STRUCT({@struct.Name}, {@struct.Size})\n");
            foreach (Field field in @struct.Fields)
            {
                text.Append($"KI_FIELD({@struct.Name}, {field.Name}, {field.Offset}, {field.Size})\n");
            }
        }

        return text.ToString();
    }
}
