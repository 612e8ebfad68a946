namespace Kernels.Interop.Tests.Helpers;

[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.Names))]
public sealed class RotaryTableTests(string deviceName)
{
    private KernelStream _stream = null!;

    [SetUp]
    public void CreateStream() => _stream = Suite.DeviceNamed(deviceName).CreateStream();

    [TearDown]
    public void DisposeStream() => _stream.Dispose();

    [Test]
    public void TableHoldsCosinesAndSinesOfTheAngles()
    {
        using var table = new RotaryTable(_stream, positions: 1000, rotaryDim: 6, theta: 100);
        Assert.That((table.Positions, table.RotaryDim), Is.EqualTo((1000, 6)));
        Assert.That(table.Cos.Shape.ToArray(), Is.EqualTo([1000L, 3]));
        (float[] cos, float[] sin) = Read(table);
        double third = Math.Pow(100, 1 / 3.0);
        double[] frequencies = [1, 1 / third, 1 / third / third];
        for (int i = 0; i < cos.Length; i++)
        {
            double angle = i / 3 * frequencies[i % 3];
            Assert.That(cos[i], Is.EqualTo(Math.Cos(angle)).Within(1e-7));
            Assert.That(sin[i], Is.EqualTo(Math.Sin(angle)).Within(1e-7));
        }
    }

    [Test]
    public void PositionsCanBeStretched()
    {
        using var table = new RotaryTable(_stream, 9, 8);
        using var stretched = new RotaryTable(_stream, 17, 8, positionScale: 0.5);
        float[] every = Read(table).Cos, half = Read(stretched).Cos;
        Assert.That(Enumerable.Range(0, 36).Select(i => half[i / 4 * 8 + i % 4]), Is.EqualTo(every));
    }

    [Test]
    public void FrequenciesCanBeGiven()
    {
        using var table = new RotaryTable(_stream, 3, [Math.PI / 2]);
        Assert.That(Read(table).Sin, Is.EqualTo([0f, 1f, 0f]).Within(1e-7));
    }

    [Test]
    public void OddDimensionsAreRefused()
    {
        Assert.That(() => new RotaryTable(_stream, 3, 5), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new RotaryTable(_stream, 3, 0), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => new RotaryTable(_stream, -1, 2), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void DisposedTableIsRefused()
    {
        var table = new RotaryTable(_stream, 3, 4);
        table.Dispose();
        Assert.That(() => table.Cos, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => table.Sin, Throws.TypeOf<ObjectDisposedException>());
    }

    private (float[] Cos, float[] Sin) Read(RotaryTable table) => (Read(table.Cos), Read(table.Sin));

    private float[] Read(DeviceTensor<float> tensor)
    {
        var elements = new float[tensor.Shape[0] * tensor.Shape[1]];
        DeviceMemory.Read(_stream, tensor.Address, elements);
        return elements;
    }
}
