using System.Reflection;

namespace Kernels.Interop.Tests.Api;

/// <summary>Writes what an assembly offers as lines that read like C#, sorted, members behind their type.</summary>
internal static class PublicApi
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly NullabilityInfoContext Nullability = new();

    /// <summary>Types and members that other assemblies can use; what the compiler adds to records is left out.</summary>
    public static IEnumerable<string> Lines(Assembly assembly)
    {
        foreach (Type type in assembly.GetExportedTypes().OrderBy(CSharpName.Of, StringComparer.Ordinal))
        {
            yield return Declaration(type);
            foreach (string member in Members(type).Order(StringComparer.Ordinal))
            {
                yield return "    " + member;
            }
        }
    }

    private static string Declaration(Type type)
    {
        string kind = type switch
        {
            { IsEnum: true } => "enum",
            { IsInterface: true } => "interface",
            { IsValueType: true } => (IsReadOnly(type) ? "readonly " : "") + (type.IsByRefLike ? "ref struct" : "struct"),
            { IsAbstract: true, IsSealed: true } => "static class",
            { IsSealed: true } => "sealed class",
            { IsAbstract: true } => "abstract class",
            _ => "class",
        };
        IEnumerable<Type> inherited = type.GetInterfaces().Where(i => i.IsPublic);
        if (type.BaseType is { } parent)
        {
            inherited = inherited.Except(parent.GetInterfaces());
            if (parent != typeof(object) && parent != typeof(ValueType) && parent != typeof(Enum))
            {
                inherited = inherited.Prepend(parent);
            }
        }
        string[] names = type.IsEnum ? [] : [.. inherited.Select(CSharpName.Of)];
        return $"{kind} {CSharpName.Of(type)}{(names.Length > 0 ? " : " : "")}{string.Join(", ", names.Order(StringComparer.Ordinal))}";
    }

    private static IEnumerable<string> Members(Type type) => type.GetMembers(Declared)
        .Where(member => !member.Name.Contains('<', StringComparison.Ordinal) && !IsOfRecords(member))
        .Select(member => member switch
        {
            FieldInfo field when field.IsLiteral => $"{field.Name} = {Convert.ToInt64(field.GetRawConstantValue(), null)}",
            ConstructorInfo constructor when IsVisible(constructor) => $"{CSharpName.Simple(type)}({Parameters(constructor)})",
            PropertyInfo property when property.GetMethod is { } get && IsVisible(get) => Property(property, get),
            MethodInfo method when IsVisible(method) && (!method.IsSpecialName || method.Name.StartsWith("op_", StringComparison.Ordinal)) =>
                Method(method),
            _ => "",
        })
        .Where(line => line.Length > 0);

    private static string Property(PropertyInfo property, MethodInfo get)
    {
        string accessors = property.SetMethod is { } set && IsVisible(set)
            ? set.ReturnParameter.GetRequiredCustomModifiers().Length > 0 ? "get; init;" : "get; set;"
            : "get;";
        return $"{Modifiers(get)}{CSharpName.Of(property.PropertyType)}{Mark(Nullability.Create(property))} {property.Name} {{ {accessors} }}";
    }

    private static string Method(MethodInfo method)
    {
        string generic = method.IsGenericMethod
            ? $"<{string.Join(", ", method.GetGenericArguments().Select(argument => argument.Name))}>"
            : "";
        return $"{Modifiers(method)}{CSharpName.Of(method.ReturnType)}{Mark(Nullability.Create(method.ReturnParameter))} {method.Name}{generic}({Parameters(method)})";
    }

    private static string Modifiers(MethodInfo method) =>
        (method.IsFamily ? "protected " : "")
        + (method.IsStatic ? "static " : "")
        + (method.GetBaseDefinition() != method ? "override " : "");

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(parameter =>
    {
        Type type = parameter.ParameterType;
        string passing = !type.IsByRef ? "" : parameter.IsOut ? "out " : parameter.IsIn ? "in " : "ref ";
        string optional = !parameter.HasDefaultValue ? "" : parameter.DefaultValue switch
        {
            null => type.IsValueType || type.IsByRef ? " = default" : " = null",
            string text => $" = \"{text}\"",
            bool flag => flag ? " = true" : " = false",
            var value => $" = {value}",
        };
        return $"{passing}{CSharpName.Of(type.IsByRef ? type.GetElementType()! : type)}{Mark(Nullability.Create(parameter))} {parameter.Name}{optional}";
    }));

    private static string Mark(NullabilityInfo info) =>
        !info.Type.IsValueType && info.ReadState == NullabilityState.Nullable ? "?" : "";

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsReadOnly(Type type) =>
        type.CustomAttributes.Any(a => a.AttributeType.FullName == "System.Runtime.CompilerServices.IsReadOnlyAttribute");

    /// <summary>Equality, hashing, printing and copying of records.</summary>
    private static bool IsOfRecords(MemberInfo member) =>
        member.DeclaringType!.GetMethod("PrintMembers", Declared) is not null
        && member.Name is "Equals" or "GetHashCode" or "ToString" or "PrintMembers" or "Deconstruct" or "EqualityContract"
            or "op_Equality" or "op_Inequality";
}
