using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Kernels.Interop.Bindings.Emit;
using Kernels.Interop.Bindings.Parsing;
using Kernels.Interop.Native;

namespace Kernels.Interop.Bindings.Tests;

/// <summary>The hash changes with what a binary can see, and with nothing else.</summary>
internal sealed class AbiHashTests
{
    private static readonly ulong Original = AbiHasher.Hash(SmallHeader.Parse());

    [TestCase("/** A car. */", "/** An automobile. */", TestName = "Hash_ignores_a_comment")]
    [TestCase("KI_COLOUR_RED = 1,", "KI_COLOUR_RED =\n     1 /* red */,", TestName = "Hash_ignores_white_space")]
    [TestCase("KI_COLOUR_BLUE = 4", "KI_COLOUR_BLUE = 0x4", TestName = "Hash_ignores_how_a_value_is_written")]
    [TestCase("int64_t* weight", "int64_t * const weight", TestName = "Hash_ignores_const_of_a_parameter_itself")]
    [TestCase("base[KI_MAX_WHEELS]", "base[4]", TestName = "Hash_ignores_which_constant_gives_a_length")]
    public void Hash_stays(string old, string replacement) =>
        Assert.That(AbiHasher.Hash(SmallHeader.Parse(old, replacement)), Is.EqualTo(Original));

    [TestCase("KI_MAX_WHEELS 4", "KI_MAX_WHEELS 5", TestName = "Hash_covers_a_constant")]
    [TestCase("KI_COLOUR_BLUE = 4", "KI_COLOUR_BLUE = 2", TestName = "Hash_covers_a_value")]
    [TestCase("KI_COLOUR_BLUE = 4", "KI_COLOUR_AZURE = 4", TestName = "Hash_covers_the_name_of_a_value")]
    [TestCase("ki_colour_flags", "ki_paint_flags", TestName = "Hash_covers_the_name_of_an_enum")]
    [TestCase("ki_car_info", "ki_car_data", TestName = "Hash_covers_the_name_of_a_struct")]
    [TestCase("double base[", "double load[", TestName = "Hash_covers_the_name_of_a_field")]
    [TestCase("double base[", "int64_t base[", TestName = "Hash_covers_a_type_of_the_same_size")]
    [TestCase("base[KI_MAX_WHEELS]", "base[3]", TestName = "Hash_covers_the_length_of_an_array")]
    [TestCase("const char* owner", "char* owner", TestName = "Hash_covers_const_of_what_is_pointed_to")]
    [TestCase("ki_paint(", "ki_repaint(", TestName = "Hash_covers_the_name_of_a_function")]
    [TestCase("int64_t* weight", "int32_t* weight", TestName = "Hash_covers_the_type_of_a_parameter")]
    [TestCase("KI_API ki_colour_flags", "KI_API int32_t", TestName = "Hash_covers_the_type_of_a_result")]
    [TestCase("(void* user_data, const", "(const void* user_data, const", TestName = "Hash_covers_a_callback")]
    [TestCase("/** A car. */", "/** A bus. */ typedef struct ki_bus ki_bus;\n/** A car. */",
        TestName = "Hash_covers_a_handle")]
    public void Hash_changes(string old, string replacement)
    {
        // References in comments may break; they are not what is tested.
        string body = SmallHeader.Body.Replace("@ref ", "", StringComparison.Ordinal);
        Assert.That(body, Does.Contain(old), "the piece to replace");

        ulong hash = AbiHasher.Hash(SmallHeader.ParseBody(body.Replace(old, replacement, StringComparison.Ordinal)));

        Assert.That(hash, Is.Not.EqualTo(Original));
    }

    [Test]
    public void Hash_covers_the_order_of_fields()
    {
        const string Fields = """
            /** A. */ typedef struct ki_a { /** S. */ uint32_t struct_size; /** X. */ int32_t x; /** Y. */ int32_t y;
            /** Z. */ int32_t z; } ki_a;
            """;
        string swapped = Fields.Replace("int32_t x", "int32_t t", StringComparison.Ordinal)
            .Replace("int32_t z", "int32_t x", StringComparison.Ordinal)
            .Replace("int32_t t", "int32_t z", StringComparison.Ordinal);

        Assert.That(
            AbiHasher.Hash(SmallHeader.ParseBody(swapped)), Is.Not.EqualTo(AbiHasher.Hash(SmallHeader.ParseBody(Fields))));
    }

    [Test]
    public void Hash_ignores_the_order_of_declarations()
    {
        const string First = "/** A. */ typedef struct ki_a ki_a;\n";
        const string Second = "/** B. */ typedef struct ki_b ki_b;\n";

        Assert.That(
            AbiHasher.Hash(SmallHeader.ParseBody(First + Second)),
            Is.EqualTo(AbiHasher.Hash(SmallHeader.ParseBody(Second + First))));
    }

    [Test]
    public void Hash_is_the_start_of_the_sha256_of_the_canonical_text() =>
        Assert.That(
            Original.ToString("x16", CultureInfo.InvariantCulture),
            Is.EqualTo(Convert.ToHexStringLower(
                SHA256.HashData(Encoding.UTF8.GetBytes(AbiHasher.CanonicalText(SmallHeader.Parse()))))[..16]));

    [Test]
    public void Both_languages_get_the_hash_of_the_header()
    {
        ulong hash = AbiHasher.Hash(HeaderParser.Parse("kernels_interop.h", File.ReadAllText(RepositoryPaths.Header)));
        string cpp = File.ReadAllText(Path.Combine(RepositoryPaths.Generated, "abi_hash.g.h"));

        Assert.Multiple(() =>
        {
            Assert.That(hash, Is.EqualTo(AbiHash.Value));
            Assert.That(cpp, Does.Contain($"kAbiHash = 0x{hash:X16}ull;"));
        });
    }
}
