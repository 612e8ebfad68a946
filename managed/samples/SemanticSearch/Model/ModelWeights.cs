using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace SemanticSearch.Model;

/// <summary>The weights of a model, in memory, found by name.</summary>
internal sealed class ModelWeights
{
    private readonly WeightsManifest _manifest;
    private readonly byte[] _bytes;

    private ModelWeights(WeightsManifest manifest, byte[] bytes)
    {
        _manifest = manifest;
        _bytes = bytes;
    }

    /// <summary>Reads all shards of a model folder.</summary>
    /// <param name="folder">the model folder</param>
    /// <param name="progress">told how much of the weights has been read, from 0 to 1</param>
    /// <exception cref="ModelException">A file is missing or has another size than <c>model.json</c> says.</exception>
    public static ModelWeights Load(string folder, Action<double>? progress = null)
    {
        var manifest = WeightsManifest.Load(folder);
        var bytes = new MemoryStream();
        foreach (var shard in manifest.Shards)
        {
            bytes.Write(ModelFolder.Read(folder, shard));
            progress?.Invoke((double)bytes.Length / Math.Max(bytes.Length, manifest.Bytes));
        }

        if (bytes.Length != manifest.Bytes)
        {
            throw new ModelException($"the {manifest.Shards.Count} shards in {folder} hold {bytes.Length} bytes, but "
                + $"model.json describes {manifest.Bytes}; remove the folder and run build/fetch-model.sh");
        }

        return new ModelWeights(manifest, bytes.ToArray());
    }

    /// <summary>The elements of a float32 tensor, last index fastest.</summary>
    /// <param name="name">its name in <c>model.json</c></param>
    /// <param name="shape">the shape it must have</param>
    /// <exception cref="ModelException">There is no such tensor, or it is not what it should be.</exception>
    public float[] Floats(string name, params ReadOnlySpan<int> shape)
    {
        var values = Read<float>(name, "float32", shape);
        return TensorPrimitives.IsFiniteAll<float>(values)
            ? values
            : throw new ModelException($"the tensor {name} holds values that are not finite; the weights are damaged");
    }

    /// <summary>The only element of a float32 tensor without dimensions.</summary>
    /// <inheritdoc cref="Floats" path="/exception"/>
    public float Float(string name) => Floats(name)[0];

    /// <summary>The only element of an int32 tensor without dimensions.</summary>
    /// <inheritdoc cref="Floats" path="/exception"/>
    public int Int(string name) => Read<int>(name, "int32", [])[0];

    private T[] Read<T>(string name, string type, ReadOnlySpan<int> shape) where T : unmanaged
    {
        if (!_manifest.Tensors.TryGetValue(name, out var entry))
        {
            throw new ModelException($"model.json lists no tensor {name}");
        }

        if (entry.DataType != type || !shape.SequenceEqual(entry.Shape))
        {
            throw new ModelException($"the tensor {name} is {entry.DataType} [{string.Join(", ", entry.Shape)}]; "
                + $"this model has {type} [{string.Join(", ", shape.ToArray())}] there");
        }

        return MemoryMarshal.Cast<byte, T>(_bytes.AsSpan((int)entry.Offset, (int)entry.Bytes)).ToArray();
    }
}
