// Generated from native/include/kernels_interop.h; do not edit.
namespace Kernels.Interop.Native;

/// <summary>Hash of the declarations that these bindings were made from.</summary>
internal static class AbiHash
{
    /// <summary>What <see cref="NativeMethods.ki_abi_hash"/> must return.</summary>
    public const ulong Value = 0x58255F5D22D6F001UL;
}
