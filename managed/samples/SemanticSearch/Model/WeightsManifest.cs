using System.Text.Json;

namespace SemanticSearch.Model;

/// <summary>One tensor of the weights: what it is and where its bytes lie among those of the shards.</summary>
internal sealed record TensorEntry(string Name, string DataType, int[] Shape, long Offset, long Bytes);

/// <summary>
/// The part of a TensorFlow.js <c>model.json</c> that says how the weights are stored: the shard files in order, whose
/// bytes form one block, and the tensors in order, which follow one another in that block without gaps.
/// </summary>
internal sealed class WeightsManifest
{
    private const string FileName = "model.json";

    private WeightsManifest(IReadOnlyList<string> shards, IReadOnlyDictionary<string, TensorEntry> tensors, long bytes)
    {
        Shards = shards;
        Tensors = tensors;
        Bytes = bytes;
    }

    /// <summary>Shard files, in order.</summary>
    public IReadOnlyList<string> Shards { get; }

    /// <summary>The tensors by name.</summary>
    public IReadOnlyDictionary<string, TensorEntry> Tensors { get; }

    /// <summary>Size of all tensors, which is that of all shards.</summary>
    public long Bytes { get; }

    /// <summary>Reads <c>model.json</c> of a model folder.</summary>
    /// <exception cref="ModelException">The file is missing or does not say what it should.</exception>
    public static WeightsManifest Load(string folder)
    {
        var json = ModelFolder.Read(folder, FileName);
        try
        {
            using var document = JsonDocument.Parse(json);
            return Parse(document.RootElement);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException
            or InvalidOperationException or FormatException)
        {
            throw new ModelException($"{FileName} in {folder} is damaged: {exception.Message}", exception);
        }
        catch (OverflowException)
        {
            throw new ModelException($"{FileName} in {folder} is damaged: a tensor's size overflows");
        }
    }

    private static WeightsManifest Parse(JsonElement root)
    {
        var groups = root.GetProperty("weightsManifest");
        if (groups.GetArrayLength() != 1)
        {
            throw new ModelException($"{FileName} has {groups.GetArrayLength()} groups of weights; this model has 1");
        }

        var shards = groups[0].GetProperty("paths").EnumerateArray().Select(ShardName).ToList();
        var tensors = new Dictionary<string, TensorEntry>();
        long offset = 0;
        foreach (var element in groups[0].GetProperty("weights").EnumerateArray())
        {
            var entry = ParseTensor(element, offset);
            if (!tensors.TryAdd(entry.Name, entry))
            {
                throw new ModelException($"{FileName} lists the tensor {entry.Name} twice");
            }

            offset = checked(offset + entry.Bytes);
        }

        return new WeightsManifest(shards, tensors, offset);
    }

    private static string ShardName(JsonElement element)
    {
        var name = element.GetString() ?? "";
        return name.Length > 0 && name == Path.GetFileName(name)
            ? name
            : throw new ModelException($"{FileName} names the shard '{name}', which is no file of its own folder");
    }

    private static TensorEntry ParseTensor(JsonElement element, long offset)
    {
        var name = element.GetProperty("name").GetString() ?? "";
        var type = element.GetProperty("dtype").GetString() ?? "";
        if (type is not ("float32" or "int32") || element.TryGetProperty("quantization", out _))
        {
            throw new ModelException(
                $"the tensor {name} is stored as {type}; this program reads plain float32 and int32");
        }

        var shape = element.GetProperty("shape").EnumerateArray().Select(length => length.GetInt32()).ToArray();
        if (shape.Any(length => length < 0))
        {
            throw new ModelException($"the tensor {name} has a negative length: [{string.Join(", ", shape)}]");
        }

        var bytes = shape.Aggregate((long)sizeof(float), (size, length) => checked(size * length));
        return new TensorEntry(name, type, shape, offset, bytes);
    }
}
