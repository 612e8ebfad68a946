using Kernels.Interop.Bindings.Clang;
using Kernels.Interop.Bindings.Model;
using static Kernels.Interop.Bindings.Clang.LibClang;

namespace Kernels.Interop.Bindings.Parsing;

/// <summary>Reads a header into the model and refuses what the ABI forbids.</summary>
internal sealed class HeaderParser
{
    private readonly List<Constant> _constants = [];
    private readonly List<Enumeration> _enums = [];
    private readonly List<Structure> _structs = [];
    private readonly List<Handle> _handles = [];
    private readonly List<Callback> _callbacks = [];
    private readonly List<Function> _functions = [];
    private readonly List<Violation> _violations = [];
    private readonly MacroParser _macros;

    private readonly TranslationUnit _unit;

    private HeaderParser(TranslationUnit unit, string text) => (_unit, _macros) = (unit, new MacroParser(text));

    /// <summary>Parses a header.</summary>
    /// <param name="name">its file name, for messages</param>
    /// <param name="text">its text</param>
    /// <exception cref="AbiException">It does not compile, or breaks rules of the ABI; all of them are listed.</exception>
    public static Header Parse(string name, string text)
    {
        using TranslationUnit unit = new(name, text);
        HeaderParser parser = new(unit, text);
        parser.VisitAll(unit.Root);
        Header header = new(
            parser._constants, parser._enums, parser._structs, parser._handles, parser._callbacks, parser._functions);
        parser._violations.AddRange(AbiRules.Check(header));
        return parser._violations.Count == 0 ? header : throw new AbiException(parser._violations);
    }

    private void VisitAll(CXCursor parent)
    {
        foreach (CXCursor cursor in TranslationUnit.Children(parent))
        {
            if (_unit.Contains(cursor))
            {
                Guard(cursor, TranslationUnit.Name(cursor), () => Visit(cursor));
            }
        }
    }

    private void Visit(CXCursor cursor)
    {
        switch (cursor.Kind)
        {
            // `extern "C"` is one or the other, by libclang's version.
            case CursorKind.LinkageSpecification or CursorKind.UnexposedDeclaration:
                VisitAll(cursor);
                break;
            case CursorKind.MacroDefinition:
                if (_macros.Parse(cursor) is { } constant)
                {
                    _constants.Add(constant);
                }

                break;
            case CursorKind.MacroExpansion or CursorKind.InclusionDirective:
                break;
            case CursorKind.Enum:
                VisitEnum(cursor);
                break;
            case CursorKind.Struct:
                VisitStruct(cursor);
                break;
            case CursorKind.Typedef:
                VisitTypedef(cursor);
                break;
            case CursorKind.Function:
                VisitFunction(cursor);
                break;
            default:
                throw new FormatException("only functions, structs, enums, callbacks and numeric macros can be declared");
        }
    }

    private void VisitEnum(CXCursor cursor)
    {
        string name = TranslationUnit.Name(cursor);
        string underlying = TranslationUnit.Text(clang_getTypeSpelling(clang_getEnumDeclIntegerType(cursor))) ?? "";
        List<EnumMember> members = [];
        foreach (CXCursor member in Children(cursor, CursorKind.EnumConstant))
        {
            string memberName = TranslationUnit.Name(member);
            Guard(member, $"{name}.{memberName}", () => members.Add(new EnumMember(
                memberName, TranslationUnit.Line(member), Documentation(member), clang_getEnumConstantDeclValue(member))));
        }

        _enums.Add(new Enumeration(name, TranslationUnit.Line(cursor), Documentation(cursor), underlying, members));
    }

    private void VisitStruct(CXCursor cursor)
    {
        string name = TranslationUnit.Name(cursor);
        if (clang_isCursorDefinition(cursor) == 0)
        {
            // Its typedef says what it is; without one it is refused as undocumented.
            bool isHandle = clang_Cursor_isNull(clang_getCursorDefinition(cursor)) != 0;
            if (isHandle && _handles.TrueForAll(handle => handle.Name != name))
            {
                _handles.Add(new Handle(name, TranslationUnit.Line(cursor), Documentation: null));
            }

            return;
        }

        List<Field> fields = [];
        IReadOnlyList<CXCursor> children = TranslationUnit.Children(cursor);
        foreach (CXCursor child in children)
        {
            string path = child.Kind == CursorKind.Field ? $"{name}.{TranslationUnit.Name(child)}" : name;
            Guard(child, path, () => fields.Add(ReadField(child)));
        }

        // What the rules would say of a struct that lacks fields, such as of padding in their place, is beside the point.
        if (fields.Count < children.Count)
        {
            return;
        }

        int size = (int)clang_Type_getSizeOf(clang_getCursorType(cursor));
        _structs.Add(new Structure(name, TranslationUnit.Line(cursor), Documentation(cursor), size, fields));
    }

    private static Field ReadField(CXCursor cursor)
    {
        if (cursor.Kind != CursorKind.Field || clang_Cursor_isBitField(cursor) != 0)
        {
            throw new FormatException("a struct holds plain fields only: no bit-field, nested type, base or method");
        }

        CXType type = clang_getCursorType(cursor);
        return new Field(
            TranslationUnit.Name(cursor), TranslationUnit.Line(cursor), Documentation(cursor), TypeParser.Parse(type),
            (int)(clang_Cursor_getOffsetOfField(cursor) / 8), (int)clang_Type_getSizeOf(type));
    }

    private void VisitTypedef(CXCursor cursor)
    {
        if (TypeParser.Parse(clang_getCursorType(cursor)) is not NamedType named)
        {
            throw new FormatException("it declares again what <stdint.h> declares");
        }

        if (named.Kind == NamedKind.Handle)
        {
            int index = _handles.FindIndex(handle => handle.Name == named.Name);
            _handles[index] = _handles[index] with { Documentation = Documentation(cursor) };
        }
        else if (named.Kind == NamedKind.Callback)
        {
            CXType function = clang_getPointeeType(
                clang_getCanonicalType(clang_getTypedefDeclUnderlyingType(cursor)));
            RefuseVariadic(function);
            _callbacks.Add(new Callback(
                named.Name, TranslationUnit.Line(cursor), Documentation(cursor),
                ReadResult(cursor, function), ReadParameters(cursor)));
        }
    }

    private void VisitFunction(CXCursor cursor)
    {
        CXType type = clang_getCursorType(cursor);
        RefuseVariadic(type);
        string name = TranslationUnit.Name(cursor);
        FunctionTraits traits = FunctionTraits.None;
        traits |= Children(cursor, CursorKind.VisibilityAttribute).Any() ? FunctionTraits.Visible : 0;
        traits |= clang_getCursorExceptionSpecificationType(cursor) == BasicNoexcept ? FunctionTraits.Noexcept : 0;
        traits |= TranslationUnit.Text(clang_Cursor_getMangling(cursor)) == name ? FunctionTraits.CLinkage : 0;
        _functions.Add(new Function(
            name, TranslationUnit.Line(cursor), Documentation(cursor),
            ReadResult(cursor, type), ReadParameters(cursor), traits));
    }

    private static CType ReadResult(CXCursor cursor, CXType function)
    {
        try
        {
            return TypeParser.Parse(clang_getResultType(function));
        }
        catch (TypeParser.ForbiddenTypeException exception)
        {
            throw new FormatException($"result of {TranslationUnit.Name(cursor)}: {exception.Message}", exception);
        }
    }

    private static List<Parameter> ReadParameters(CXCursor cursor)
    {
        List<Parameter> parameters = [];
        foreach (CXCursor child in Children(cursor, CursorKind.Parameter))
        {
            string name = TranslationUnit.Name(child);
            try
            {
                parameters.Add(new Parameter(name, TypeParser.Parse(clang_getCursorType(child))));
            }
            catch (TypeParser.ForbiddenTypeException exception)
            {
                throw new FormatException($"parameter '{name}': {exception.Message}", exception);
            }
        }

        return parameters;
    }

    private static void RefuseVariadic(CXType function)
    {
        if (clang_isFunctionTypeVariadic(function) != 0)
        {
            throw new FormatException("a variable number of arguments cannot be bound");
        }
    }

    private static IEnumerable<CXCursor> Children(CXCursor parent, CursorKind kind) =>
        TranslationUnit.Children(parent).Where(child => child.Kind == kind);

    private static DocComment? Documentation(CXCursor cursor) =>
        DocCommentParser.Parse(TranslationUnit.Text(clang_Cursor_getRawCommentText(cursor)));

    // Goes on after a refusal, so that all of a header's faults are told at once.
    private void Guard(CXCursor cursor, string name, Action read)
    {
        try
        {
            read();
        }
        catch (Exception exception) when (exception is FormatException or TypeParser.ForbiddenTypeException)
        {
            _violations.Add(new Violation(TranslationUnit.Line(cursor), name, exception.Message));
        }
    }
}
