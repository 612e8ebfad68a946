using SemanticSearch.Model;
using SemanticSearch.Network;
using SemanticSearch.SelfAttention;

namespace SemanticSearch.Tests;

/// <summary>The real model. Tests that need it fail where it is missing: nothing is skipped.</summary>
internal static class TestModel
{
    public static string Folder
    {
        get
        {
            Assert.That(ModelFolder.Default, Does.Exist, "the model is missing: run build/fetch-model.sh, or set "
                + $"{ModelFolder.Variable} to the folder it made");
            return ModelFolder.Default;
        }
    }

    public static UnigramTokenizer Tokenizer() => new(Vocabulary.Load(Folder));

    public static SentenceEncoder Encoder(ISelfAttention attention) => SentenceEncoder.Load(Folder, attention);
}
