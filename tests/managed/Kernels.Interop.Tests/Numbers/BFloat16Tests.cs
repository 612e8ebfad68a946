using System.Globalization;

namespace Kernels.Interop.Tests.Numbers;

public sealed class BFloat16Tests
{
    private static readonly BFloat16[] Every = [.. Enumerable.Range(0, 65536).Select(bits => BFloat16.FromBits((ushort)bits))];

    [Test]
    public void EveryValueSurvivesTheWayThroughWiderTypes() => Assert.That(Every, Has.All.Matches<BFloat16>(value =>
        BFloat16.IsNaN(value)
            ? BFloat16.IsNaN((BFloat16)(float)value) && BFloat16.IsNaN((BFloat16)(double)value)
            : ((BFloat16)(float)value).ToBits() == value.ToBits() && ((BFloat16)(double)value).ToBits() == value.ToBits()));

    [Test]
    public void EveryValueIsReadBackFromItsText() => Assert.That(Every, Has.All.Matches<BFloat16>(value =>
        BFloat16.Parse(value.ToString(null, CultureInfo.InvariantCulture), CultureInfo.InvariantCulture).Equals(value)));

    /// <summary>Every pair of neighbours: between them the nearest wins, in the middle the even one.</summary>
    [Test]
    public void RoundsToTheNearestAndTiesToEven()
    {
        for (ushort bits = 0; bits < 0x7f7f; bits++)
        {
            double lower = BFloat16.FromBits(bits), upper = BFloat16.FromBits((ushort)(bits + 1));
            double middle = (lower + upper) / 2;
            ushort even = (ushort)(bits + (bits & 1));
            Assert.That(((BFloat16)(float)middle).ToBits(), Is.EqualTo(even));
            Assert.That(((BFloat16)middle).ToBits(), Is.EqualTo(even));
            Assert.That(((BFloat16)(-middle)).ToBits(), Is.EqualTo(even | 0x8000));
            Assert.That(((BFloat16)MathF.BitDecrement((float)middle)).ToBits(), Is.EqualTo(bits));
            Assert.That(((BFloat16)MathF.BitIncrement((float)middle)).ToBits(), Is.EqualTo(bits + 1));

            // Nearer to the middle than a float can tell.
            Assert.That(((BFloat16)Math.BitDecrement(middle)).ToBits(), Is.EqualTo(bits));
            Assert.That(((BFloat16)Math.BitIncrement(middle)).ToBits(), Is.EqualTo(bits + 1));
        }
    }

    [Test]
    public void BeyondTheRangeIsInfinite()
    {
        double limit = BFloat16.MaxValue + Math.ScaleB(1, 119); // half an ulp above
        Assert.That((BFloat16)Math.BitDecrement(limit), Is.EqualTo(BFloat16.MaxValue));
        Assert.That((BFloat16)limit, Is.EqualTo(BFloat16.PositiveInfinity));
        Assert.That((BFloat16)(-limit), Is.EqualTo(BFloat16.NegativeInfinity));
        Assert.That((BFloat16)1e300, Is.EqualTo(BFloat16.PositiveInfinity));
        Assert.That((BFloat16)float.NegativeInfinity, Is.EqualTo(BFloat16.NegativeInfinity));
        Assert.That((BFloat16)1e-300, Is.EqualTo(BFloat16.Zero));
    }

    [TestCase(0x7f800001u)]
    [TestCase(0xff800001u)]
    [TestCase(0x7fffffffu)]
    [TestCase(0xffc00000u)]
    public void NaNStaysNaNOfTheSameSign(uint bits)
    {
        var value = (BFloat16)BitConverter.UInt32BitsToSingle(bits);
        Assert.That(BFloat16.IsNaN(value));
        Assert.That(BFloat16.IsNegative(value), Is.EqualTo(bits >> 31 == 1));
    }

    [Test]
    public void ComparesAsNumbersDo()
    {
        BFloat16 one = BFloat16.One, two = (BFloat16)2f, nan = BFloat16.NaN, minusZero = -BFloat16.Zero;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(one < two && two > one && one <= two && two >= one && one != two, Is.True);
            Assert.That(minusZero == BFloat16.Zero && minusZero.Equals(BFloat16.Zero), Is.True);
            Assert.That(minusZero.GetHashCode(), Is.EqualTo(BFloat16.Zero.GetHashCode()));
            Assert.That(nan == one || nan < one || nan > one || nan <= one || nan >= one, Is.False);
            Assert.That(nan.Equals(BFloat16.NaN) && nan.GetHashCode() == BFloat16.NaN.GetHashCode(), Is.True);
            Assert.That(nan.CompareTo(BFloat16.NegativeInfinity), Is.Negative);
            Assert.That(one.CompareTo((object)two), Is.Negative);
            Assert.That(one.CompareTo(null), Is.Positive);
            Assert.That(() => one.CompareTo("1"), Throws.ArgumentException);
        }
    }

    [Test]
    public void CalculatesInFloatAndRounds()
    {
        BFloat16 three = (BFloat16)3f, seven = (BFloat16)7f;
        using (Assert.EnterMultipleScope())
        {
            Assert.That((float)(three + seven), Is.EqualTo(10f));
            Assert.That((float)(three - seven), Is.EqualTo(-4f));
            Assert.That((float)(three * seven), Is.EqualTo(21f));
            Assert.That(three / seven, Is.EqualTo((BFloat16)(3f / 7f)));
            Assert.That((float)-seven, Is.EqualTo(-7f));
            Assert.That((float)(BFloat16)(Half)1.5f, Is.EqualTo(1.5f));
            Assert.That((float)(Half)(BFloat16)1.5f, Is.EqualTo(1.5f));
        }
    }

    [TestCase(0f, "0")]
    [TestCase(-0f, "-0")]
    [TestCase(0.1f, "0.1")]
    [TestCase(100f, "100")]
    [TestCase(-1.0078125f, "-1.01")]
    [TestCase(3.3895314e38f, "3.39E+38")]
    [TestCase(float.NaN, "NaN")]
    [TestCase(float.PositiveInfinity, "Infinity")]
    public void PrintsTheShortestTextThatReadsBack(float value, string text)
    {
        var number = (BFloat16)value;
        Span<char> buffer = stackalloc char[32];
        Assert.That(number.TryFormat(buffer, out int length, default, CultureInfo.InvariantCulture));
        Assert.That(buffer[..length].ToString(), Is.EqualTo(text));
        Assert.That(number.ToString("G", CultureInfo.InvariantCulture), Is.EqualTo(text));
    }

    [Test]
    public void TakesFormatsAndRefusesNonsense()
    {
        Assert.That(((BFloat16)0.1f).ToString("F4", CultureInfo.InvariantCulture), Is.EqualTo("0.1001"));
        Assert.That(BFloat16.TryParse("1.5", CultureInfo.InvariantCulture, out BFloat16 parsed) && parsed == (BFloat16)1.5f);
        Assert.That(BFloat16.TryParse("one", CultureInfo.InvariantCulture, out _), Is.False);
        Assert.That(BFloat16.TryParse((string?)null, null, out _), Is.False);
        Assert.That(() => BFloat16.Parse("one", null), Throws.TypeOf<FormatException>());
        Assert.That(() => BFloat16.Parse(null!), Throws.ArgumentNullException);
    }

    [Test]
    public void ClassifiesItsConstants()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Every.Count(BFloat16.IsNaN), Is.EqualTo(2 * 127));
            Assert.That(Every.Count(BFloat16.IsInfinity), Is.EqualTo(2));
            Assert.That(Every.Count(BFloat16.IsFinite), Is.EqualTo(65536 - 2 * 128));
            Assert.That(Every.Where(BFloat16.IsFinite).Max(), Is.EqualTo(BFloat16.MaxValue));
            Assert.That(Every.Where(BFloat16.IsFinite).Min(), Is.EqualTo(BFloat16.MinValue));
            Assert.That(Every.Where(value => value > BFloat16.Zero).Min(), Is.EqualTo(BFloat16.Epsilon));
        }
    }
}
