namespace Kernels.Interop.Tests.Api;

/// <summary>Names of types as C# writes them.</summary>
internal static class CSharpName
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(sbyte)] = "sbyte",
        [typeof(char)] = "char",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(nint)] = "nint",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
    };

    /// <summary>The name of a type, with its type arguments and without its namespace.</summary>
    public static string Of(Type type)
    {
        if (Keywords.TryGetValue(type, out string? keyword))
        {
            return keyword;
        }
        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return Of(underlying) + "?";
        }
        return type.IsArray
            ? Of(type.GetElementType()!) + "[]"
            : Simple(type) + (type.IsGenericType ? $"<{string.Join(", ", type.GetGenericArguments().Select(Of))}>" : "");
    }

    /// <summary>The name of a type alone.</summary>
    public static string Simple(Type type) => type.Name.Split('`')[0];
}
