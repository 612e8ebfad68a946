using Kernels.Interop.Bindings.Model;
using Kernels.Interop.Bindings.Parsing;

namespace Kernels.Interop.Bindings.Tests;

/// <summary>A header with one declaration of each kind, to be changed by tests.</summary>
internal static class SmallHeader
{
    /// <summary>What the header's language consists of.</summary>
    private const string Prelude = """
        #include <stdint.h>
        #define KI_ENUM(name) enum name : int32_t
        #define KI_NOEXCEPT noexcept
        #define KI_API __attribute__((visibility("default")))
        extern "C" {

        """;

    /// <summary>The declarations.</summary>
    public static string Body { get; } = """
        /** Most wheels, naïvely. */
        #define KI_MAX_WHEELS 4

        /** Colours; they mix. */
        KI_ENUM(ki_colour_flags) {
          /** None. */
          KI_COLOUR_NONE = 0,
          /** Red. */
          KI_COLOUR_RED = 1,
          /** Blue. */
          KI_COLOUR_BLUE = 4
        };

        /** A car. */
        typedef struct ki_car ki_car;

        /**
         * What a car is.
         *
         * Weights are < 2^31.
         */
        typedef struct ki_car_info {
          /** `sizeof(ki_car_info)`, set by the caller. */
          uint32_t struct_size;
          /** See @ref ki_paint. */
          ki_colour_flags colour;
          /** Owner's name. */
          const char* owner;
          /** Load of each wheel, KI_MAX_WHEELS of them. */
          double base[KI_MAX_WHEELS];
        } ki_car_info;

        /** Told of a car. */
        typedef void (*ki_car_callback)(void* user_data, const ki_car_info* info);

        /**
         * Paints a car.
         * @param car the car
         * @param event what to call
         * @param[out] weight in kg,
         *        with paint
         * @return a colour, such as KI_COLOUR_RED
         */
        KI_API ki_colour_flags ki_paint(const ki_car* car, ki_car_callback event, int64_t* weight) KI_NOEXCEPT;

        """;

    /// <summary>Line on which <see cref="Body"/>, or what stands in its place, begins.</summary>
    public const int FirstLine = 6;

    /// <summary>Parses the small header, with one piece of it replaced.</summary>
    public static Header Parse(string old = "", string replacement = "")
    {
        if (old.Length == 0)
        {
            return ParseBody(Body);
        }

        Assert.That(Body, Does.Contain(old), "the piece to replace");
        return ParseBody(Body.Replace(old, replacement, StringComparison.Ordinal));
    }

    /// <summary>Parses other declarations in the same surroundings.</summary>
    public static Header ParseBody(string body) => HeaderParser.Parse("small.h", $"{Prelude}{body}\n}}\n");
}
