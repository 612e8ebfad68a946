using System.Reflection;
using Kernels.Interop.Native;

namespace Kernels.Interop.Tests.Loading;

/// <summary>The C# structs lie in memory as the C structs do.</summary>
public sealed class AbiLayoutTests
{
    [Test]
    public void EveryStructHasTheSizeOfItsTwin() =>
        Assert.That(AbiLayout.Structs, Has.All.Matches<AbiLayout.Struct>(s => s.Size == s.ManagedSize));

    [Test]
    public void EveryFieldIsWhereItsTwinIs() =>
        Assert.That(AbiLayout.Fields, Has.All.Matches<AbiLayout.Field>(
            f => f.Offset == f.ManagedOffset && f.Size == f.ManagedSize));

    [Test]
    public void NoFieldIsLeftOut()
    {
        foreach (IGrouping<string, AbiLayout.Field> fields in AbiLayout.Fields.GroupBy(field => field.Struct))
        {
            Type managed = typeof(ki_tensor).Assembly.GetType($"{typeof(ki_tensor).Namespace}.{fields.Key}")!;
            Assert.That(
                managed.GetFields(BindingFlags.Instance | BindingFlags.Public).Select(field => field.Name),
                Is.EquivalentTo(fields.Select(field => field.Name)));
        }
    }
}
