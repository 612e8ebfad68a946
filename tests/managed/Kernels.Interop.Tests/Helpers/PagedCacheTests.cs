using NUnit.Framework.Constraints;

namespace Kernels.Interop.Tests.Helpers;

/// <summary>The cache's bookkeeping: pages are found, shared, copied before they are written, and given back.</summary>
[TestFixtureSource(typeof(TestDevices), nameof(TestDevices.Names))]
public sealed class PagedCacheTests(string deviceName)
{
    private const int PageSize = 4;

    private KernelStream _stream = null!;
    private PagedCache<float> _cache = null!;

    [SetUp]
    public void Create()
    {
        _stream = Suite.DeviceNamed(deviceName).CreateStream();
        _cache = new PagedCache<float>(_stream.Device, new PagedCacheShape(8, PageSize, 2, 3, 5, Layers: 2));
    }

    [TearDown]
    public void Dispose()
    {
        _cache.Dispose();
        _stream.Dispose();
    }

    [Test]
    public void EmptyCacheHasAllItsPages()
    {
        Assert.That((_cache.FreePages, _cache.SequenceCount), Is.EqualTo((8, 0)));
        Assert.That(_cache.Key(1).Shape.ToArray(), Is.EqualTo([8L, PageSize, 2, 3]));
        Assert.That(_cache.Value(1).Shape.ToArray(), Is.EqualTo([8L, PageSize, 2, 5]));
        Assert.That(_cache.Key(1).Address - _cache.Key(0).Address, Is.EqualTo((nint)(8 * PageSize * 2 * 3 * sizeof(float))));
    }

    [Test]
    public void StepHasLengthsBeforeOffsetsAndPages()
    {
        int a = _cache.AddSequence(), b = _cache.AddSequence();
        _cache.Append(_stream, [a, b], [5, 4]);
        Assert.That((Lengths(), Offsets()), Is.EqualTo((new[] { 0, 0 }, new[] { 0, 5, 9 })).UsingPropertiesComparer());
        int[] first = Table();
        Assert.That(_cache.FreePages, Is.EqualTo(5));

        _cache.Append(_stream, [b, a], [1, 2]);
        int[] second = Table(); // [2, 2]
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Lengths(), Is.EqualTo([4, 5]));
            Assert.That(Offsets(), Is.EqualTo([0, 1, 3]));
            Assert.That(second[2..], Is.EqualTo(first[..2]), "a stays where it is");
            Assert.That(second[0], Is.EqualTo(first[2]), "b's first page stays");
            Assert.That(second.Distinct().Count(), Is.EqualTo(4), "no two share a page");
            Assert.That(_cache.FreePages, Is.EqualTo(4));
            Assert.That((_cache.Length(a), _cache.Length(b)), Is.EqualTo((7, 5)));
        }
    }

    [Test]
    public void StepThatDoesNotFitChangesNothing()
    {
        int a = _cache.AddSequence();
        _cache.Append(_stream, [a], [8 * PageSize - 1]);
        Assert.That(_cache.TryAppend(_stream, [a], [2]), Is.False);
        Assert.That(
            () => _cache.Append(_stream, [a], [2]),
            Throws.InvalidOperationException.With.Message.EqualTo("The step needs 1 pages, and 0 of 8 are free."));
        Assert.That(_cache.Length(a), Is.EqualTo(8 * PageSize - 1));
        Assert.That(_cache.TryAppend(_stream, [a], [1]), Is.True);
        _cache.Remove(a);
        Assert.That((_cache.FreePages, _cache.SequenceCount), Is.EqualTo((8, 0)));
    }

    [Test]
    public void ForkSharesPagesUntilItWritesToOne()
    {
        int a = _cache.AddSequence();
        _cache.Append(_stream, [a], [6]);
        int[] pages = Table();
        Mark(pages[1]);
        int fork = _cache.Fork(a);
        Assert.That((_cache.FreePages, _cache.Length(fork)), Is.EqualTo((6, 6)), "nothing is copied yet");

        _cache.Append(_stream, [fork], [1]);
        int[] forked = Table();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(forked[0], Is.EqualTo(pages[0]), "a full page stays shared");
            Assert.That(forked[1], Is.Not.EqualTo(pages[1]), "a page that is written to is the fork's own");
            Assert.That(Marks(forked[1]), Is.EqualTo(Marks(pages[1])), "with the same contents, in every layer");
            Assert.That(_cache.FreePages, Is.EqualTo(5));
        }

        _cache.Append(_stream, [a], [1]);
        Assert.That(Table(), Is.EqualTo(pages), "a, alone with its last page again, keeps it");
        _cache.Remove(a);
        Assert.That(_cache.FreePages, Is.EqualTo(6));
        _cache.Remove(fork);
        Assert.That(_cache.FreePages, Is.EqualTo(8));
    }

    [Test]
    public void LastWriterToASharedPageNeedsNoCopy()
    {
        int a = _cache.AddSequence();
        _cache.Append(_stream, [a], [7 * PageSize - 1]);
        int fork = _cache.Fork(a);
        Assert.That(_cache.TryAppend(_stream, [a, fork], [1, 1]), Is.True, "one copy is enough for two");
        Assert.That(_cache.FreePages, Is.Zero);
        Assert.That(_cache.TryAppend(_stream, [a, fork], [0, 0]), Is.True);
    }

    [Test]
    public void TruncatedSequenceGivesPagesBack()
    {
        int a = _cache.AddSequence();
        _cache.Append(_stream, [a], [13]);
        _cache.Truncate(a, 8);
        Assert.That((_cache.Length(a), _cache.FreePages), Is.EqualTo((8, 6)));
        _cache.Append(_stream, [a], [1]);
        Assert.That(Lengths(), Is.EqualTo([8]));
        Assert.That(() => _cache.Truncate(a, 10), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => _cache.Truncate(a, -1), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void SequenceThatIsNotThereIsRefused()
    {
        int a = _cache.AddSequence();
        _cache.Remove(a);
        Assert.That(_cache.AddSequence(), Is.Not.EqualTo(a), "numbers are not used again");
        foreach (Action call in (Action[])
            [() => _cache.Remove(a), () => _cache.Fork(a), () => _cache.Length(a), () => _cache.Truncate(a, 0)])
        {
            Assert.That(call, Names("sequence"));
        }
        Assert.That(() => _cache.Append(_stream, [a], [1]), Names("sequences"));
    }

    [Test]
    public void WrongStepsAreRefused()
    {
        int a = _cache.AddSequence();
        Assert.That(() => _cache.Inputs, Throws.InvalidOperationException);
        Assert.That(() => _cache.Append(_stream, [a, a], [1, 1]), Names("sequences"));
        Assert.That(() => _cache.Append(_stream, [a], [-1]), Names("counts"));
        Assert.That(() => _cache.Append(_stream, [a], [int.MaxValue]), Names("counts"));
        Assert.That(() => _cache.Append(_stream, [a], [1, 1]), Names("counts"));
        Assert.That(() => _cache.Key(2), Names("layer"));
        Assert.That(() => _cache.Key(-1), Names("layer"));
        Assert.That(
            () => new PagedCache<float>(_stream.Device, new PagedCacheShape(1, 0, 1, 1, 1)),
            Names("shape"));
        Assert.That((_cache.Length(a), _cache.FreePages), Is.EqualTo((0, 8)));
    }

    [Test]
    public void DisposedCacheIsRefused()
    {
        int a = _cache.AddSequence();
        _cache.Append(_stream, [a], [1]);
        _cache.Dispose();
        Assert.That(() => _cache.Key(), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => _cache.Inputs, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => _cache.Append(_stream, [a], [1]), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void StepsAllocateNoManagedMemory()
    {
        int[] sequences = [_cache.AddSequence(), _cache.AddSequence()], counts = [1, 1];
        void Step()
        {
            _cache.Append(_stream, sequences, counts);
            _ = _cache.Inputs;
            _ = _cache.Layer<float>(1, default, default);
            _cache.Truncate(sequences[0], 0);
            _cache.Truncate(sequences[1], 0);
        }
        for (int i = 0; i < 20; i++)
        {
            Step();
        }
        long before = GC.GetAllocatedBytesForCurrentThread();
        Step();
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }

    private static EqualStringConstraint Names(string parameter) =>
        Throws.InstanceOf<ArgumentException>().With.Property("ParamName").EqualTo(parameter);

    private int[] Lengths() => Read(_cache.Inputs.SeqUsedK);

    private int[] Offsets() => Read(_cache.Inputs.CuSeqlensQ);

    private int[] Table() => Read(_cache.Layer<float>(0, default, default).BlockTable);

    private int[] Read(DeviceTensor<int> tensor)
    {
        var elements = new int[tensor.Shape.ToArray().Aggregate(1L, (a, b) => a * b)];
        DeviceMemory.Read(_stream, tensor.Address, elements);
        return elements;
    }

    /// <summary>Gives a page contents of its own, in every layer.</summary>
    private void Mark(int page)
    {
        for (int layer = 0; layer < 2; layer++)
        {
            float[] key = [.. Enumerable.Range(1, 24).Select(i => i + 100f * layer)];
            float[] value = [.. Enumerable.Range(1, 40).Select(i => -i - 100f * layer)];
            DeviceMemory.Write(_stream, PageAddress(_cache.Key(layer), page), key);
            DeviceMemory.Write(_stream, PageAddress(_cache.Value(layer), page), value);
        }
    }

    private float[] Marks(int page)
    {
        var contents = new List<float>();
        for (int layer = 0; layer < 2; layer++)
        {
            float[] key = new float[24], value = new float[40];
            DeviceMemory.Read(_stream, PageAddress(_cache.Key(layer), page), key);
            DeviceMemory.Read(_stream, PageAddress(_cache.Value(layer), page), value);
            contents.AddRange([.. key, .. value]);
        }
        return [.. contents];
    }

    private static nint PageAddress(DeviceTensor<float> tensor, int page) =>
        tensor.Address + page * (nint)tensor.Strides[0] * sizeof(float);
}
