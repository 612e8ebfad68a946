using Kernels.Interop.Bindings.Model;

namespace Kernels.Interop.Bindings.Emit;

/// <summary>Writes the hash of the ABI for both sides, which compare it before anything else is called.</summary>
internal static class AbiHashEmitter
{
    public static string EmitCSharp(Header header) => $$"""
        namespace Kernels.Interop.Native;

        /// <summary>Hash of the declarations that these bindings were made from.</summary>
        internal static class AbiHash
        {
            /// <summary>What <see cref="NativeMethods.ki_abi_hash"/> must return.</summary>
            public const ulong Value = 0x{{AbiHasher.Hash(header):X16}}UL;
        }

        """;

    public static string EmitCpp(Header header) => $$"""
        #pragma once

        #include <cstdint>

        namespace ki {

        // Hash of the declarations that this library was built from.
        inline constexpr std::uint64_t kAbiHash = 0x{{AbiHasher.Hash(header):X16}}ull;

        }  // namespace ki

        """;
}
