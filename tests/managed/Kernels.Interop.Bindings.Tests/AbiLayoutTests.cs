using Kernels.Interop.Bindings.Model;
using Kernels.Interop.Bindings.Parsing;
using Kernels.Interop.Native;

namespace Kernels.Interop.Bindings.Tests;

/// <summary>The C# structs lie in memory as the C structs do.</summary>
internal sealed class AbiLayoutTests
{
    private static readonly AbiLayout.Struct[] Structs = AbiLayout.Structs;
    private static readonly AbiLayout.Field[] Fields = AbiLayout.Fields;

    [TestCaseSource(nameof(Structs))]
    public void A_struct_has_the_size_it_has_in_C(AbiLayout.Struct @struct) =>
        Assert.That(@struct.ManagedSize, Is.EqualTo(@struct.Size));

    [TestCaseSource(nameof(Fields))]
    public void A_field_has_the_offset_and_size_it_has_in_C(AbiLayout.Field field) =>
        Assert.That((field.ManagedOffset, field.ManagedSize), Is.EqualTo((field.Offset, field.Size)));

    [Test]
    public void The_table_has_every_struct_and_field_of_the_header()
    {
        Header header = HeaderParser.Parse("kernels_interop.h", File.ReadAllText(RepositoryPaths.Header));

        Assert.Multiple(() =>
        {
            Assert.That(
                Structs.Select(@struct => (@struct.Name, @struct.Size)),
                Is.EqualTo(header.Structs.Select(@struct => (@struct.Name, @struct.Size))));
            Assert.That(
                Fields.Select(field => (field.Struct, field.Name)),
                Is.EqualTo(
                    from @struct in header.Structs
                    from field in @struct.Fields
                    select (@struct.Name, field.Name)));
        });
    }
}
