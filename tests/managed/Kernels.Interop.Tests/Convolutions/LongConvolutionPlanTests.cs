using Kernels.Interop.Tests.Operators;

namespace Kernels.Interop.Tests.Convolutions;

/// <summary>What a plan says of itself, its spectrum, and what it looks like saved.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.Names))]
internal sealed class LongConvolutionPlanTests(string device)
{
    private const int Points = 256, Channels = 2, Taps = 90;

    private static readonly ConvolutionSetting Setting = new(1, Channels, 100, Taps)
    {
        FftSize = Points, Block = 16, Mask = [true, false, true, true, false, false, true, true], Squash = 0.2f,
    };

    private readonly ConvolutionProblem<float> _problem = new(Setting, device);

    private KernelStream _stream = null!;

    private LongConvolutionPlan _plan = null!;

    [SetUp]
    public void MakePlan()
    {
        _stream = Suite.DeviceNamed(device).CreateStream();
        _plan = LongConvolutionCalls.Plan(_stream, Setting, _problem);
    }

    [TearDown]
    public void Dispose()
    {
        _plan.Dispose();
        _stream.Dispose();
    }

    [Test]
    public void PlanSaysWhatItWasMadeFor()
    {
        using var streaming = new LongConvolutionPlan(
            _stream.Device, new() { Channels = 5, Length = 64, FilterLength = 200, Streaming = true, FftSize = 512 });
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_plan.Device, Is.SameAs(_stream.Device));
            Assert.That((_plan.Channels, _plan.Length, _plan.FilterLength), Is.EqualTo((2L, 100L, 90L)));
            Assert.That((_plan.FftSize, _plan.Frequencies, _plan.Squash), Is.EqualTo((256L, 129L, 0.2f)));
            Assert.That((_plan.Circular, _plan.Streaming, _plan.HasFilter), Is.EqualTo((false, false, true)));
            Assert.That(_plan.MemoryBytes, Is.GreaterThanOrEqualTo(Channels * 128 * 2 * sizeof(float)), "the spectrum");
            Assert.That((streaming.Channels, streaming.Length, streaming.FilterLength), Is.EqualTo((5L, 64L, 200L)));
            Assert.That((streaming.Circular, streaming.Streaming, streaming.HasFilter), Is.EqualTo((false, true, false)));
            Assert.That((streaming.FftSize, streaming.Squash), Is.EqualTo((512L, 0f)));
        }
    }

    [Test]
    public void SpectrumIsThatOfTheSquashedAndMaskedFilters()
    {
        var spectrum = new float[Channels * 129 * 2];
        _plan.GetSpectrum(_stream, spectrum);
        for (int channel = 0; channel < Channels; channel++)
        {
            double[] taps = _problem.SquashedFilter(channel);
            double norm = Math.Sqrt(taps.Sum(tap => tap * tap));
            for (int f = 0; f <= Points / 2; f++)
            {
                (double real, double imaginary) = Setting.Mask[Math.Min(f / 16, 7)]
                    ? ConvolutionFormula.Spectrum(taps, f, Points)
                    : (0, 0);
                int place = (channel * 129 + f) * 2;
                double error = 4 * 8 * Math.ScaleB(1, -24) * norm * Math.Sqrt(Points);
                Assert.That(spectrum[place], Is.EqualTo(real).Within(error), $"channel {channel}, frequency {f}");
                Assert.That(spectrum[place + 1], Is.EqualTo(imaginary).Within(error), $"channel {channel}, frequency {f}");
            }
        }
    }

    [Test]
    public void SpectrumOfAnotherPlanDoesWhatItsFiltersDo()
    {
        using var scope = new TensorScope(device);
        using var other = new LongConvolutionPlan(_stream.Device, Setting.Options with { Squash = 0 });
        var (spectrum, memory) = scope.Output<float>(Channels, 129, 2);
        _plan.GetSpectrum(_stream, spectrum);
        other.SetSpectrum(_stream, spectrum);
        Assert.That(other.HasFilter);
        _problem.Output().AssertMatches<float>(Forward(other), "output with the spectrum of a tensor");

        other.SetFilter(_stream, new float[Channels * Taps]);
        Assert.That(Forward(other), Has.All.Zero, "output with filters of zeros");
        other.SetSpectrum(_stream, memory.ToArray(_stream));
        _problem.Output().AssertMatches<float>(Forward(other), "output with the spectrum of a span");
    }

    [Test]
    public void PlanSurvivesBeingSaved()
    {
        using var file = new MemoryStream();
        _plan.Save(_stream, file);
        byte[] bytes = _plan.ToArray(_stream);
        Assert.That(file.ToArray(), Is.EqualTo(bytes));
        Assert.That(bytes, Has.Length.EqualTo(72 + 8 + Channels * 129 * 2 * sizeof(float) + 8));
        file.Position = 0;
        using LongConvolutionPlan fromSpan = LongConvolutionPlan.Load(_stream, bytes);
        using LongConvolutionPlan fromStream = LongConvolutionPlan.Load(_stream, file);
        foreach (LongConvolutionPlan loaded in (LongConvolutionPlan[])[fromSpan, fromStream])
        {
            using (Assert.EnterMultipleScope())
            {
                Assert.That((loaded.Channels, loaded.Length, loaded.FilterLength), Is.EqualTo((2L, 100L, 90L)));
                Assert.That((loaded.FftSize, loaded.Squash, loaded.HasFilter), Is.EqualTo((256L, 0.2f, true)));
                _problem.Output().AssertMatches<float>(Forward(loaded), "output");
                Assert.That(loaded.ToArray(_stream)[..80], Is.EqualTo(bytes[..80]), "all but the spectrum, which may be rounded");
            }
        }
    }

    [Test]
    public void DamagedPlansAreRefused()
    {
        byte[] bytes = _plan.ToArray(_stream);
        for (int i = 0; i < bytes.Length; i += i < 100 ? 1 : 37)
        {
            byte[] damaged = [.. bytes];
            damaged[i] ^= 0x10;
            if (i is >= 8 and < 12)
            {
                Assert.That(
                    () => LongConvolutionPlan.Load(_stream, damaged),
                    Throws.TypeOf<KernelNotSupportedException>(), "another version");
            }
            else
            {
                AssertRefused(damaged, $"byte {i}");
            }
        }
        foreach (int length in (int[])[0, 1, 71, 72, 79, 80, bytes.Length - 1])
        {
            AssertRefused(bytes[..length], $"{length} bytes");
        }
        AssertRefused([.. bytes, 0], "a byte too many");
        Assert.That(
            () => LongConvolutionPlan.Load(_stream, new MemoryStream(bytes[1..])),
            Throws.TypeOf<KernelArgumentException>().With.Property("ParamName").EqualTo("source"));
    }

    private void AssertRefused(byte[] bytes, string what) => Assert.That(
        () => LongConvolutionPlan.Load(_stream, bytes),
        Throws.TypeOf<KernelArgumentException>().With.Property("ParamName").EqualTo("data"), what);

    private float[] Forward(LongConvolutionPlan plan)
    {
        using var scope = new TensorScope(device);
        var (output, memory) = scope.Output<float>(_problem.Dims);
        LongConvolution.Forward(_stream, plan, scope.Upload(_problem.Input, _problem.Dims), output);
        return memory.ToArray(_stream);
    }
}
