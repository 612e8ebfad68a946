namespace SemanticSearch.Model;

/// <summary>The model's files are missing, damaged or not the model this program knows.</summary>
internal sealed class ModelException : Exception
{
    public ModelException(string message) : base(message)
    {
    }

    public ModelException(string message, Exception inner) : base(message, inner)
    {
    }
}
