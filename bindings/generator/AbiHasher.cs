using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Kernels.Interop.Bindings.Model;

namespace Kernels.Interop.Bindings;

/// <summary>The 64-bit hash of a header's declarations.</summary>
/// <remarks>
/// The hash is the first eight bytes, read as a big-endian number, of the SHA-256 of <see cref="CanonicalText"/> in
/// UTF-8. Comments, parameter names, white space and the order of declarations do not count: a binary cannot see them.
/// </remarks>
internal static class AbiHasher
{
    /// <summary>Hashes a header.</summary>
    public static ulong Hash(Header header) =>
        BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(CanonicalText(header))));

    /// <summary>One line for each thing that a binary can see, in ordinal order.</summary>
    public static string CanonicalText(Header header)
    {
        IEnumerable<string> lines =
        [
            .. header.Constants.Select(constant => $"constant {constant.Name} = {constant.Value}"),
            .. header.Enums.SelectMany(Lines),
            .. header.Structs.SelectMany(Lines),
            .. header.Handles.Select(handle => $"handle {handle.Name}"),
            .. header.Callbacks.Select(callback =>
                $"callback {callback.Name}{Signature(callback.Parameters, callback.ReturnType)}"),
            .. header.Functions.Select(function =>
                $"function {function.Name}{Signature(function.Parameters, function.ReturnType)}"),
        ];
        return string.Concat(lines.Order(StringComparer.Ordinal).Select(line => line + "\n"));
    }

    private static IEnumerable<string> Lines(Enumeration @enum) => @enum.Members
        .Select(member => $"enum {@enum.Name}.{member.Name} = {member.Value}")
        .Prepend($"enum {@enum.Name} : {@enum.UnderlyingType}");

    private static IEnumerable<string> Lines(Structure @struct) => @struct.Fields
        .Select(field => $"struct {@struct.Name}.{field.Name} : {field.Type} at {field.Offset} size {field.Size}")
        .Prepend($"struct {@struct.Name} size {@struct.Size}");

    private static string Signature(IReadOnlyList<Parameter> parameters, CType result) =>
        $"({string.Join(", ", parameters.Select(parameter => parameter.Type))}) -> {result}";
}
