namespace Kernels.Interop.Bindings.Tests;

/// <summary>What the ABI forbids is refused by name and line.</summary>
internal sealed class RefusalTests
{
    // Each: a name, declarations, the line of the fault among them, the declaration at fault, words of the reason.
    private static readonly TestCaseData[] BadHeaders =
    [
        Case("int_parameter", Parameter("int n"), 3, "ki_run", "'n'", "'int'"),
        Case("long_parameter", Parameter("long n"), 3, "ki_run", "'n'", "'long'"),
        Case("unsigned_parameter", Parameter("unsigned n"), 3, "ki_run", "'n'", "'unsigned int'"),
        Case("bool_parameter", Parameter("bool n"), 3, "ki_run", "'n'", "'bool'"),
        Case("char_parameter", Parameter("char n"), 3, "ki_run", "'n'", "'char'"),
        Case("long_double_parameter", Parameter("long double n"), 3, "ki_run", "'n'", "'long double'"),
        Case("pointer_sized_parameter", Parameter("intptr_t n"), 3, "ki_run", "'n'", "'intptr_t'"),
        Case("reference_parameter", Parameter("int32_t& n"), 3, "ki_run", "'n'", "'int32_t &'"),
        Case("pointer_to_int_parameter", Parameter("const int* n"), 3, "ki_run", "'n'", "'const int'"),
        Case("unnamed_callback_parameter", Parameter("void (*n)(void)"), 3, "ki_run", "'n'", "typedef"),
        Case("array_parameter", Parameter("int32_t n[4]"), 3, "ki_run", "'n'", "address"),
        Case("size_t_parameter",
            $"#include <stddef.h>\n{Parameter("size_t n")}", 4, "ki_run", "'n'", "'size_t'"),
        Case("int_result", "/** Runs.\n@return it */\nKI_API int ki_run(void) KI_NOEXCEPT;", 3, "ki_run", "result", "'int'"),
        Case("struct_by_value", $"{Struct("int32_t x;")}{Parameter("ki_s n")}", 8, "ki_run", "'n'", "address"),
        Case("variable_arguments", "/** Runs.\n@param n it */\nKI_API void ki_run(int32_t n, ...) KI_NOEXCEPT;",
            3, "ki_run", "variable number"),
        Case("unnamed_parameter", "/** C. */\ntypedef void (*ki_c)(int32_t);", 2, "ki_c", "no name"),
        Case("int_parameter_of_a_callback", "/** C. */\ntypedef void (*ki_c)(int n);", 2, "ki_c", "'n'", "'int'"),
        Case("size_t_field", $"#include <stddef.h>\n{Struct("size_t x;")}", 5, "ki_s.x", "'size_t'"),
        Case("array_of_structs", Struct("void* x[2];"), 4, "ki_s.x", "'void *[2]'"),
        Case("bit_field", Struct("uint32_t x : 3;"), 4, "ki_s.x", "bit-field"),
        Case("union", Struct("union { int32_t a; float b; } x;"), 4, "ki_s", "nested type"),
        Case("bare_enum", "/** E. */\nenum ki_e {\n/** A. */\nKI_A = 1 };", 2, "ki_e", "KI_ENUM"),
        Case("alias_of_a_number", "typedef uint32_t ki_id;", 1, "ki_id", "hides its type"),
        Case("global_variable", "/** V. */\nextern int32_t ki_v;", 2, "ki_v", "can be declared"),
        Case("macro_that_is_no_number", "#define KI_NAME \"x\"", 1, "KI_NAME", "decimal number"),
        Case("macro_without_the_prefix", "#define MAX_RANK 3", 1, "MAX_RANK", "KI_"),

        Case("struct_without_struct_size",
            "/** S. */\nstruct ki_s {\n/** X. */\nuint32_t x; };", 2, "ki_s", "first field", "struct_size"),
        Case("struct_size_of_another_type",
            "/** S. */\nstruct ki_s {\n/** X. */\nuint64_t struct_size; };", 2, "ki_s", "uint32_t struct_size"),
        Case("empty_struct", "/** S. */\nstruct ki_s {};", 2, "ki_s", "first field"),
        Case("padding_between_fields", Struct("int64_t x;"), 4, "ki_s.x", "padding of 4 bytes"),
        Case("padding_at_the_end",
            Struct("int32_t a; /** X. */ int64_t x; /** B. */ int32_t b;"), 2, "ki_s", "ends in padding of 4 bytes"),

        Case("export_without_the_prefix", "/** Runs. */\nKI_API void run(void) KI_NOEXCEPT;", 2, "run", "begin with ki_"),
        Case("export_without_noexcept", "/** Runs. */\nKI_API void ki_run(void);", 2, "ki_run", "KI_NOEXCEPT"),
        Case("export_without_visibility", "/** Runs. */\nvoid ki_run(void) KI_NOEXCEPT;", 2, "ki_run", "KI_API"),
        Case("export_with_a_mangled_name",
            "}\n/** Runs. */\nKI_API void ki_run(void) KI_NOEXCEPT;\nextern \"C\" {", 3, "ki_run", "extern \"C\""),

        Case("undocumented_export", "KI_API void ki_run(void) KI_NOEXCEPT;", 1, "ki_run", "undocumented"),
        Case("export_with_a_plain_comment",
            "/* Runs. */ KI_API void ki_run(void) KI_NOEXCEPT;", 1, "ki_run", "undocumented"),
        Case("undocumented_struct",
            "struct ki_s {\n/** Size. */ uint32_t struct_size; };", 1, "ki_s", "undocumented"),
        Case("undocumented_field", Struct("int32_t x; int32_t y;"), 4, "ki_s.y", "undocumented"),
        Case("undocumented_enum", "KI_ENUM(ki_e) {\n/** A. */\nKI_A = 1 };", 1, "ki_e", "undocumented"),
        Case("undocumented_enum_member", "/** E. */\nKI_ENUM(ki_e) {\nKI_A = 1 };", 3, "ki_e.KI_A", "undocumented"),
        Case("undocumented_handle", "typedef struct ki_h ki_h;", 1, "ki_h", "undocumented"),
        Case("undocumented_callback", "typedef void (*ki_c)(void* user_data);", 1, "ki_c", "undocumented"),
        Case("undocumented_parameter", "/** Runs. */\nKI_API void ki_run(int32_t n) KI_NOEXCEPT;", 2, "ki_run", "@param"),
        Case("documented_parameter_that_is_not_there",
            "/** Runs.\n@param m it */\nKI_API void ki_run(int32_t n) KI_NOEXCEPT;", 3, "ki_run", "they name: m"),
        Case("undocumented_result", "/** Runs. */\nKI_API int32_t ki_run(void) KI_NOEXCEPT;", 2, "ki_run", "@return"),
        Case("documented_result_that_is_not_there",
            "/** Runs.\n@return it */\nKI_API void ki_run(void) KI_NOEXCEPT;", 3, "ki_run", "@return"),
        Case("reference_to_nothing", "/** See @ref ki_gone. */\ntypedef struct ki_h ki_h;", 2, "ki_h", "'ki_gone'"),
        Case("unknown_command", "/** @brief Runs. */\nKI_API void ki_run(void) KI_NOEXCEPT;", 2, "ki_run", "'@brief'"),
        Case("comment_behind_a_field",
            "/** S. */\nstruct ki_s {\nuint32_t struct_size; /**< Size. */\n};", 3, "ki_s.struct_size", "above"),
        Case("syntax_error", "/** Runs. */\nKI_API ki_gone* ki_run(void);", 2, "small.h", "'ki_gone'"),
        Case("unknown_include", "#include <stdio.h>", 1, "small.h", "stdio.h"),
    ];

    [TestCaseSource(nameof(BadHeaders))]
    public void Refused(string body, int line, string declaration, string[] words)
    {
        AbiException exception = Assert.Throws<AbiException>(() => SmallHeader.ParseBody(body))!;

        Violation violation = exception.Violations[0];
        Assert.Multiple(() =>
        {
            Assert.That(exception.Violations, Has.Count.EqualTo(1), exception.Message);
            Assert.That(violation.Line - SmallHeader.FirstLine + 1, Is.EqualTo(line), "line");
            Assert.That(violation.Declaration, Is.EqualTo(declaration));
            Assert.That(
                words.Where(word => !violation.Problem.Contains(word, StringComparison.Ordinal)), Is.Empty,
                violation.Problem);
            Assert.That(exception.Message, Does.StartWith($"line {violation.Line}: {declaration}: "));
        });
    }

    [Test]
    public void All_faults_are_told_at_once_in_the_order_of_lines()
    {
        const string Body = """
            /** R. */
            KI_API void ki_run(void);
            /** S. */
            struct ki_s { int x; };
            /** W. */
            KI_API void walk(void) KI_NOEXCEPT;
            """;

        AbiException exception = Assert.Throws<AbiException>(() => SmallHeader.ParseBody(Body))!;

        Assert.That(
            exception.Message.Split(Environment.NewLine).Select(message => message.Split(": ")[1]),
            Is.EqualTo((string[])["ki_run", "ki_s.x", "walk"]));
    }

    [Test]
    public void The_small_header_is_accepted() => Assert.That(() => SmallHeader.Parse(), Throws.Nothing);

    private static string Parameter(string declaration) =>
        $"/** Runs.\n@param n it */\nKI_API void ki_run({declaration}) KI_NOEXCEPT;\n";

    private static string Struct(string fields) =>
        $"/** S. */\ntypedef struct ki_s {{\n/** Size. */ uint32_t struct_size;\n/** X. */ {fields}\n}} ki_s;\n";

    private static TestCaseData Case(string name, string body, int line, string declaration, params string[] words) =>
        new TestCaseData(body, line, declaration, words).SetName($"Refused_{name}");
}
