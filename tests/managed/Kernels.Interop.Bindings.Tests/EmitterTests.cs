using Kernels.Interop.Bindings.Emit;
using Kernels.Interop.Bindings.Model;

namespace Kernels.Interop.Bindings.Tests;

/// <summary>What each emitter writes for the small header, to the letter.</summary>
internal sealed class EmitterTests
{
    private static readonly Header Header = SmallHeader.Parse();

    [Test]
    public void NativeMethods_has_constants_and_exports() =>
        Assert.That(NativeMethodsEmitter.Emit(Header), Is.EqualTo("""
            using System.Runtime.CompilerServices;
            using System.Runtime.InteropServices;

            namespace Kernels.Interop.Native;

            /// <summary>The exports of the native library, named as in C.</summary>
            internal static unsafe partial class NativeMethods
            {
                /// <summary>Name of the native library, without prefix and suffix.</summary>
                public const string LibraryName = "kernels_interop";

                /// <summary>Most wheels, naïvely.</summary>
                public const int KI_MAX_WHEELS = 4;

                /// <summary>Paints a car.</summary>
                /// <param name="car">the car</param>
                /// <param name="event">what to call</param>
                /// <param name="weight">Out: in kg, with paint</param>
                /// <returns>a colour, such as <see cref="ki_colour_flags.KI_COLOUR_RED"/></returns>
                /// <remarks><c>ki_car_callback</c>: Told of a car.</remarks>
                [LibraryImport(LibraryName)]
                [UnmanagedCallConv(CallConvs = [typeof(CallConvCdecl)])]
                public static partial ki_colour_flags ki_paint(ki_car* car, delegate* unmanaged[Cdecl]<void*, ki_car_info*, void> @event, long* weight);
            }

            """));

    [Test]
    public void NativeTypes_has_enums_handles_and_structs() =>
        Assert.That(NativeTypesEmitter.Emit(Header), Is.EqualTo("""
            #pragma warning disable CS0649 // Native code assigns the fields.

            using System.Runtime.InteropServices;

            namespace Kernels.Interop.Native;

            /// <summary>Colours; they mix.</summary>
            [System.Flags]
            internal enum ki_colour_flags : int
            {
                /// <summary>None.</summary>
                KI_COLOUR_NONE = 0,

                /// <summary>Red.</summary>
                KI_COLOUR_RED = 1,

                /// <summary>Blue.</summary>
                KI_COLOUR_BLUE = 4,
            }

            /// <summary>A car.</summary>
            internal readonly struct ki_car;

            /// <summary>What a car is.</summary>
            /// <remarks>Weights are &lt; 2^31.</remarks>
            [StructLayout(LayoutKind.Sequential)]
            internal unsafe struct ki_car_info
            {
                /// <summary><c>sizeof(ki_car_info)</c>, set by the caller.</summary>
                public uint struct_size;

                /// <summary>See <see cref="NativeMethods.ki_paint"/>.</summary>
                public ki_colour_flags colour;

                /// <summary>Owner's name.</summary>
                public byte* owner;

                /// <summary>Load of each wheel, <see cref="NativeMethods.KI_MAX_WHEELS"/> of them.</summary>
                public fixed double @base[4];
            }

            """));

    [TestCase("KI_COLOUR_BLUE = 4", "KI_COLOUR_BLUE = 3", TestName = "An_enum_with_a_value_that_is_no_power_of_two_is_not_flags")]
    [TestCase("ki_colour_flags", "ki_colour", TestName = "An_enum_that_is_not_named_flags_is_not_flags")]
    public void Not_flags(string old, string replacement) =>
        Assert.That(NativeTypesEmitter.Emit(SmallHeader.Parse(old, replacement)), Does.Not.Contain("[System.Flags]"));

    [Test]
    public void AbiHash_has_the_hash_in_csharp() =>
        Assert.That(AbiHashEmitter.EmitCSharp(Header), Is.EqualTo($$"""
            namespace Kernels.Interop.Native;

            /// <summary>Hash of the declarations that these bindings were made from.</summary>
            internal static class AbiHash
            {
                /// <summary>What <see cref="NativeMethods.ki_abi_hash"/> must return.</summary>
                public const ulong Value = 0x{{AbiHasher.Hash(Header):X16}}UL;
            }

            """));

    [Test]
    public void Abi_hash_has_the_hash_in_cpp() =>
        Assert.That(AbiHashEmitter.EmitCpp(Header), Is.EqualTo($$"""
            #pragma once

            #include <cstdint>

            namespace ki {

            // Hash of the declarations that this library was built from.
            inline constexpr std::uint64_t kAbiHash = 0x{{AbiHasher.Hash(Header):X16}}ull;

            }  // namespace ki

            """));

    [Test]
    public void AbiLayout_compares_the_layout_in_csharp() =>
        Assert.That(AbiLayoutEmitter.EmitCSharp(Header), Does.Contain("""
                    new("ki_car_info", 48, sizeof(ki_car_info)),
            """).And.Contain("""
                    .. Fields_ki_car_info(),
            """).And.Contain("""
                private static Field[] Fields_ki_car_info()
                {
                    ki_car_info value;
                    return
                    [
                        new("ki_car_info", "struct_size", 0, 4, (int)((byte*)&value.struct_size - (byte*)&value), sizeof(uint)),
                        new("ki_car_info", "colour", 4, 4, (int)((byte*)&value.colour - (byte*)&value), sizeof(ki_colour_flags)),
                        new("ki_car_info", "owner", 8, 8, (int)((byte*)&value.owner - (byte*)&value), sizeof(byte*)),
                        new("ki_car_info", "base", 16, 32, (int)((byte*)value.@base - (byte*)&value), 4 * sizeof(double)),
                    ];
                }
            """));

    [Test]
    public void Abi_layout_lists_the_layout_for_cpp() =>
        Assert.That(AbiLayoutEmitter.EmitCpp(Header), Is.EqualTo("""
            // Define KI_STRUCT(name, size) and KI_FIELD(struct, field, offset, size) before including this file.
            KI_STRUCT(ki_car_info, 48)
            KI_FIELD(ki_car_info, struct_size, 0, 4)
            KI_FIELD(ki_car_info, colour, 4, 4)
            KI_FIELD(ki_car_info, owner, 8, 8)
            KI_FIELD(ki_car_info, base, 16, 32)

            """));

    [Test]
    public void Export_map_exports_the_functions_and_hides_the_rest() =>
        Assert.That(ExportMapEmitter.Emit(Header), Is.EqualTo("""
            KERNELS_INTEROP_0 {
              global:
                ki_paint;
              local:
                *;
            };

            """));

    [Test]
    public void Canonical_text_has_a_line_for_everything_a_binary_can_see() =>
        Assert.That(AbiHasher.CanonicalText(Header), Is.EqualTo("""
            callback ki_car_callback(void*, const ki_car_info*) -> void
            constant KI_MAX_WHEELS = 4
            enum ki_colour_flags : int32_t
            enum ki_colour_flags.KI_COLOUR_BLUE = 4
            enum ki_colour_flags.KI_COLOUR_NONE = 0
            enum ki_colour_flags.KI_COLOUR_RED = 1
            function ki_paint(const ki_car*, ki_car_callback, int64_t*) -> ki_colour_flags
            handle ki_car
            struct ki_car_info size 48
            struct ki_car_info.base : double[4] at 16 size 32
            struct ki_car_info.colour : ki_colour_flags at 4 size 4
            struct ki_car_info.owner : const char* at 8 size 8
            struct ki_car_info.struct_size : uint32_t at 0 size 4

            """));
}
