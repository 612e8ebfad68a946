using Kernels.Interop.Tests.Operators;

namespace Kernels.Interop.Tests.Reference;

/// <summary>The comparison accepts what is right and refuses what is slightly wrong.</summary>
[TestFixture(typeof(float))]
[TestFixture(typeof(Half))]
[TestFixture(typeof(BFloat16))]
public sealed class ToleranceTests<T>
    where T : unmanaged
{
    private static readonly AttentionCase Case = new(new AttentionShape(1, 9, 33, 2, 1, 64, 64));

    private Expectation _expected = null!;
    private T[] _output = null!;

    [SetUp]
    public void Compute()
    {
        _expected = new AttentionInputs<T>(Case).Expected().Output;
        _output = [.. _expected.Values.Select(Elements.FromDouble<T>)];
    }

    [Test]
    public void RoundedReferenceIsAccepted() => Assert.That(Fault(), Is.Null);

    [Test]
    public void NaiveComputationIsAccepted()
    {
        _output = [.. _expected.Naive.Select(Elements.FromDouble<T>)];
        Assert.That(Fault(), Is.Null);
    }

    [Test]
    public void NaNIsRefused()
    {
        _output[^1] = Elements.FromDouble<T>(double.NaN);
        Assert.That(Fault(), Does.Contain("NaN"));
    }

    [Test]
    public void NumberInPlaceOfAnInfinityIsRefused()
    {
        _expected.Values[3] = double.NegativeInfinity;
        Assert.That(Fault(), Does.StartWith("element 3"));
    }

    [Test]
    public void MissingElementsAreRefused()
    {
        _output = _output[1..];
        Assert.That(Fault(), Is.Not.Null);
    }

    [Test]
    public void ElementsInAnotherOrderAreRefused()
    {
        (_output[5], _output[6]) = (_output[6], _output[5]);
        Assert.That(Fault(), Is.Not.Null);
    }

    [Test]
    public void KeyThatIsLeftOutIsRefused()
    {
        var inputs = new AttentionInputs<T>(Case);
        AttentionExpectation without = AttentionReference.Compute<T>(
            Case.Shape with { KeyLength = 32 },
            Elements.ToDoubles<T>(inputs.Query),
            Elements.ToDoubles<T>(inputs.Key),
            Elements.ToDoubles<T>(inputs.Value),
            Case.Options);
        _output = [.. without.Output.Values.Select(Elements.FromDouble<T>)];
        Assert.That(Fault(), Is.Not.Null);
    }

    private string? Fault() => Tolerance.Fault<T>(_output, _expected);
}

/// <summary>What only float is precise enough to show.</summary>
public sealed class FloatToleranceTests
{
    [Test]
    public void ScaleThatIsSlightlyWrongIsRefused()
    {
        var right = new AttentionCase(new AttentionShape(1, 9, 33, 2, 1, 64, 64));
        var wrong = right with { Options = new AttentionOptions { Scale = 0.125f * (1 + 1f / 1024) } };
        float[] output = [.. new AttentionInputs<float>(wrong).Expected().Output.Values.Select(value => (float)value)];
        Assert.That(
            Tolerance.Fault<float>(output, new AttentionInputs<float>(right).Expected().Output), Does.StartWith("element"));
    }
}
