using System.Numerics.Tensors;
using Kernels.Interop;
using SemanticSearch.Network;
using SemanticSearch.SelfAttention;

namespace SemanticSearch.Tests;

/// <summary>The whole network against TensorFlow.js, for each way to compute the attention.</summary>
[TestFixture("kernel, spans")]
[TestFixture("kernel, device buffers")]
[TestFixture("plain, 1 thread")]
[TestFixture("plain, 2 threads")]
internal sealed class SentenceEncoderTests(string attention) : IDisposable
{
    private readonly Device _device = Device.Open("cpu");
    private KernelStream _stream = null!;
    private SentenceEncoder _encoder = null!;

    [OneTimeSetUp]
    public void LoadEncoder()
    {
        _stream = _device.CreateStream();
        _encoder = NewEncoder();
    }

    public void Dispose()
    {
        _stream?.Dispose();
        _device.Dispose();
    }

    [Test]
    public void GoldenTextsGetTheirGoldenEmbeddings()
    {
        using (Assert.EnterMultipleScope())
        {
            foreach (var item in Golden.Embeddings)
            {
                Assert.That(_encoder.Embed(item.Text),
                    Is.EqualTo(item.Values).Within(Golden.EmbeddingTolerance), item.Text);
            }
        }
    }

    [Test]
    public void SearchesRankAsTheGoldenOnesDo()
    {
        var index = new SearchIndex([.. Golden.Search.Sentences.Select(sentence => _encoder.Embed(sentence.Text))]);
        using (Assert.EnterMultipleScope())
        {
            foreach (var query in Golden.Search.Queries)
            {
                var matches = index.Search(_encoder.Embed(query.Text), 5);
                Assert.That(matches.Select(match => match.Index),
                    Is.EqualTo(query.Top5.Select(match => match.Index)), query.Text);
                Assert.That(matches.Select(match => match.Score),
                    Is.EqualTo(query.Top5.Select(match => match.Score)).Within(Golden.ScoreTolerance), query.Text);
            }
        }
    }

    [Test]
    public void AnEmptyTextHasAnEmbeddingOfItsOwn()
    {
        var embedding = _encoder.Embed("");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(embedding[..3],
                Is.EqualTo(new[] { 0.0023547f, -0.0348752f, 0.0131020f }).Within(Golden.EmbeddingTolerance));
            Assert.That(TensorPrimitives.Norm<float>(embedding), Is.EqualTo(1).Within(1e-6));
        }
    }

    [Test]
    public void WhatStandsBeyond128TokensDoesNotCount()
    {
        var text = string.Concat(Enumerable.Repeat("the ", SentenceEncoder.MaxTokens)).TrimEnd();
        Assert.That(_encoder.Tokenize(text), Has.Length.EqualTo(SentenceEncoder.MaxTokens));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_encoder.Embed(text + " dog"), Is.EqualTo(_encoder.Embed(text)));
            Assert.That(_encoder.Embed(text[..^4]), Is.Not.EqualTo(_encoder.Embed(text)));
        }
    }

    [Test]
    public void AnEmbeddingDoesNotDependOnEarlierTexts()
    {
        var fresh = NewEncoder().Embed("Hello world.");
        _encoder.Embed(Golden.Embeddings.MaxBy(item => item.Ids.Length)!.Text);
        Assert.That(_encoder.Embed("Hello world."), Is.EqualTo(fresh));
    }

    private SentenceEncoder NewEncoder() => TestModel.Encoder(attention switch
    {
        "kernel, spans" => KernelAttention.For(_stream),
        "kernel, device buffers" => new DeviceKernelAttention(_stream),
        "plain, 1 thread" => new PlainAttention(1),
        _ => new PlainAttention(2),
    });
}
