namespace Kernels.Interop.Bindings.Clang;

/// <summary>What a header may include, in terms of the compiler's own macros.</summary>
/// <remarks>
/// With these in memory, the result depends neither on the machine's headers nor on where libclang keeps its own. The
/// types of <c>stddef.h</c> are known only so that they are refused by name.
/// </remarks>
internal static class StandardHeaders
{
    private const string Integers = """
        #pragma once
        typedef __INT8_TYPE__ int8_t;
        typedef __INT16_TYPE__ int16_t;
        typedef __INT32_TYPE__ int32_t;
        typedef __INT64_TYPE__ int64_t;
        typedef __UINT8_TYPE__ uint8_t;
        typedef __UINT16_TYPE__ uint16_t;
        typedef __UINT32_TYPE__ uint32_t;
        typedef __UINT64_TYPE__ uint64_t;
        typedef __INTPTR_TYPE__ intptr_t;
        typedef __UINTPTR_TYPE__ uintptr_t;

        """;

    private const string Definitions = """
        #pragma once
        typedef __SIZE_TYPE__ size_t;
        typedef __PTRDIFF_TYPE__ ptrdiff_t;

        """;

    /// <summary>The headers by name.</summary>
    public static readonly IReadOnlyList<(string Name, string Text)> All =
        [("stdint.h", Integers), ("stddef.h", Definitions)];
}
