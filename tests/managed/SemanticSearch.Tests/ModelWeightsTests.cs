using System.Runtime.InteropServices;
using SemanticSearch.Model;

namespace SemanticSearch.Tests;

/// <summary>Made-up weights: a matrix of float32 and a scalar of int32, in two shards that meet inside the matrix.</summary>
[TestFixture]
internal sealed class ModelWeightsTests
{
    private static readonly float[] Matrix = [1, 2, 3, 4, 5, 6];

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder()
    {
        _folder = new TemporaryFolder();
        byte[] bytes = [.. MemoryMarshal.AsBytes(Matrix.AsSpan()), 42, 0, 0, 0];
        _folder.Write("shard1", bytes[..10]);
        _folder.Write("shard2", bytes[10..]);
        Describe("""{"name": "m", "shape": [2, 3], "dtype": "float32"}, {"name": "n", "shape": [], "dtype": "int32"}""");
    }

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public void TensorsAreCutFromTheJoinedShards()
    {
        var weights = ModelWeights.Load(_folder.Path);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(weights.Floats("m", 2, 3), Is.EqualTo(Matrix));
            Assert.That(weights.Int("n"), Is.EqualTo(42));
        }
    }

    [Test]
    public void LoadingReportsProgressUpToTheEnd()
    {
        var progress = new List<double>();
        ModelWeights.Load(_folder.Path, progress.Add);
        Assert.That(progress, Is.EqualTo(new[] { 10 / 28.0, 1 }).Within(1e-12));
    }

    [Test]
    public void ATruncatedShardIsRefused()
    {
        _folder.Write("shard2", new byte[17]);
        AssertLoadFails("hold 27 bytes, but model.json describes 28");
    }

    [Test]
    public void AnOverlongShardIsRefused()
    {
        _folder.Write("shard2", new byte[19]);
        AssertLoadFails("hold 29 bytes, but model.json describes 28");
    }

    [Test]
    public void AMissingShardIsNamed()
    {
        File.Delete(Path.Combine(_folder.Path, "shard2"));
        AssertLoadFails("has no file shard2");
    }

    [Test]
    public void AMissingFolderSaysHowToFetchTheModel() =>
        Assert.That(() => ModelWeights.Load(Path.Combine(_folder.Path, "none")),
            Throws.TypeOf<ModelException>().With.Message.Contains("build/fetch-model.sh"));

    [TestCase("float16")]
    [TestCase("uint8")]
    public void AnUnknownDataTypeIsRefused(string type)
    {
        Describe($$"""{"name": "m", "shape": [7], "dtype": "{{type}}"}""");
        AssertLoadFails($"the tensor m is stored as {type}");
    }

    [Test]
    public void QuantisedWeightsAreRefused()
    {
        Describe("""{"name": "m", "shape": [7], "dtype": "float32", "quantization": {"dtype": "uint8"}}""");
        AssertLoadFails("the tensor m is stored as float32");
    }

    [TestCase("""{"name": "m", "shape": [-1], "dtype": "float32"}""", "negative length")]
    [TestCase("""{"name": "m", "shape": [2000000000, 2000000000, 2000000000], "dtype": "float32"}""", "overflows")]
    [TestCase("""{"name": "m", "shape": [0.5], "dtype": "float32"}""", "damaged")]
    [TestCase("""{"name": "m", "dtype": "float32"}""", "damaged")]
    [TestCase("""{"name": "m", "shape": [1], "dtype": "int32"}, {"name": "m", "shape": [6], "dtype": "int32"}""", "m twice")]
    public void AMalformedTensorIsRefused(string tensors, string message)
    {
        Describe(tensors);
        AssertLoadFails(message);
    }

    [TestCase("no json", "damaged")]
    [TestCase("[]", "damaged")]
    [TestCase("{}", "damaged")]
    [TestCase("""{"weightsManifest": []}""", "has 0 groups")]
    [TestCase("""{"weightsManifest": [{"paths": ["../shard1"], "weights": []}]}""", "no file of its own folder")]
    public void AMalformedManifestIsRefused(string json, string message)
    {
        _folder.Write("model.json", json);
        AssertLoadFails(message);
    }

    [Test]
    public void AMissingTensorIsNamed() =>
        Assert.That(() => ModelWeights.Load(_folder.Path).Floats("absent", 2, 3),
            Throws.TypeOf<ModelException>().With.Message.EqualTo("model.json lists no tensor absent"));

    [Test]
    public void AnotherShapeIsRefused() =>
        Assert.That(() => ModelWeights.Load(_folder.Path).Floats("m", 3, 2),
            Throws.TypeOf<ModelException>().With.Message.Contains("float32 [2, 3]")
                .And.Message.Contains("float32 [3, 2]"));

    [Test]
    public void AnotherDataTypeIsRefused() =>
        Assert.That(() => ModelWeights.Load(_folder.Path).Float("n"),
            Throws.TypeOf<ModelException>().With.Message.Contains("the tensor n is int32"));

    [Test]
    public void WeightsThatAreNotFiniteAreRefused()
    {
        _folder.Write("shard1", [.. Enumerable.Repeat((byte)0xff, 10)]);
        Assert.That(() => ModelWeights.Load(_folder.Path).Floats("m", 2, 3),
            Throws.TypeOf<ModelException>().With.Message.Contains("not finite"));
    }

    private void Describe(string tensors) => _folder.Write("model.json",
        $$"""{"weightsManifest": [{"paths": ["shard1", "shard2"], "weights": [{{tensors}}]}]}""");

    private void AssertLoadFails(string message) => Assert.That(() => ModelWeights.Load(_folder.Path),
        Throws.TypeOf<ModelException>().With.Message.Contains(message));
}
