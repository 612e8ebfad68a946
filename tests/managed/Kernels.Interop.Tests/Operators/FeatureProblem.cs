using Kernels.Interop.Tests.Reference;

namespace Kernels.Interop.Tests.Operators;

/// <summary>
/// A setting with random numbers of type <typeparamref name="T"/>: what it gives on a device, and what it should give.
/// </summary>
internal sealed class FeatureProblem<T>
    where T : unmanaged
{
    private const int Heads = 4, KeyValueHeads = 2, HeadDim = 16, ValueHeadDim = 24;

    private readonly FeatureSetting _setting;
    private readonly Rows[] _query, _key, _value, _gradOutput;
    private readonly ScoreTensor<float> _bias; // numbers that every element type has
    private readonly ScoreTensor<bool> _mask;
    private readonly float[] _slopes;
    private readonly bool[] _tree;
    private readonly SequenceLayout _queries, _keys;

    public FeatureProblem(FeatureSetting setting)
    {
        _setting = setting;
        var random = new Random(1);
        int[] lq = setting.QueryLengths, lk = setting.KeyLengths;
        _query = [.. lq.Select(length => Rows.Random<T>(random, length, Heads, HeadDim))];
        _key = [.. lk.Select(length => Rows.Random<T>(random, length, KeyValueHeads, HeadDim))];
        _value = [.. lk.Select(length => Rows.Random<T>(random, length, KeyValueHeads, ValueHeadDim))];
        _gradOutput = [.. lq.Select(length => Rows.Random<T>(random, length, Heads, ValueHeadDim))];
        int capacity = setting.KeyCapacity > 0 ? setting.KeyCapacity : lk.Max();
        _bias = new(setting.Bias, lq, capacity, () => random.Next(8) == 0 ? float.NegativeInfinity : random.Next(-8, 9) / 8f);
        _mask = new(setting.Mask, lq, capacity, () => random.Next(4) > 0);
        _slopes = [.. Enumerable.Range(0, lq.Length * Heads).Select(_ => random.Next(1, 9) / 16f)];
        _tree = TreeMask.FromParents(setting.Parents ?? []);
        _queries = setting.IsPacked ? SequenceLayout.Packed(lq) : SequenceLayout.Padded(lq, lq.Max());
        _keys = setting.IsPacked ? SequenceLayout.Packed(lk) : SequenceLayout.Padded(lk, capacity);
    }

    /// <summary>What each sequence should give.</summary>
    public AttentionExpectation[] Expected() =>
        [.. Enumerable.Range(0, _query.Length).Select(b => Sequence(b).Forward<T>())];

    /// <summary>What the gradients of each sequence should be.</summary>
    public GradientExpectation[] ExpectedGradients() =>
        [.. Enumerable.Range(0, _query.Length).Select(b => Sequence(b).Backward<T>(_gradOutput[b]))];

    /// <summary>What the gradient of the bias should be: the sum over the dimensions along which it has length 1.</summary>
    public Expectation ExpectedBiasGradient(GradientExpectation[] sequences)
    {
        var sum = new Expectation(_bias.Elements.Length);
        for (int b = 0; b < sequences.Length; b++)
        {
            Expectation bias = sequences[b].Bias;
            int lq = _setting.QueryLengths[b], lk = _setting.KeyLengths[b];
            for (int i = 0; i < bias.Values.Length; i++)
            {
                int place = _bias.Place(b, i / lk / lq, i / lk % lq, i % lk);
                sum.Values[place] += bias.Values[i];
                sum.Naive[place] += bias.Naive[i];
                sum.Terms[place] += bias.Terms[i];
            }
        }
        return sum;
    }

    /// <summary>
    /// Runs the forward pass; <paramref name="inWorkspace"/> in scratch memory of exactly the size that is asked for.
    /// </summary>
    public FeatureResult<T> Run(string device, bool inWorkspace = false)
    {
        using var scope = new TensorScope(device);
        var tensors = new Tensors(this, scope);
        using DeviceBuffer<byte>? workspace = inWorkspace
            ? scope.Stream.Device.Allocate<byte>(Attention.ForwardWorkspaceBytes(
                scope.Stream.Device, tensors.Query, tensors.Key, tensors.Value, tensors.Output, tensors.Inputs, _setting.Options,
                tensors.LogSumExp))
            : null;
        tensors.Forward(scope, _setting.Options, workspace);
        return tensors.Result(scope);
    }

    /// <summary>Runs both passes; <paramref name="inWorkspace"/> as above.</summary>
    public GradientResult<T> RunBackward(string device, bool deterministic = false, bool inWorkspace = false)
    {
        using var scope = new TensorScope(device);
        var tensors = new Tensors(this, scope);
        tensors.Forward(scope, _setting.Options, workspace: null);
        var dq = scope.Output<T>(_queries.Dims(Heads, HeadDim));
        var dk = scope.Output<T>(_keys.Dims(KeyValueHeads, HeadDim));
        var dv = scope.Output<T>(_keys.Dims(KeyValueHeads, ValueHeadDim));
        bool floatBias = _setting.BiasIsFloat;
        var dbias = _bias.IsPresent && !floatBias ? scope.Output<T>(_bias.Dims) : default;
        var dbiasFloat = _bias.IsPresent && floatBias ? scope.Output<float>(_bias.Dims) : default;
        var gradients = new AttentionGradients<T>
        {
            Output = scope.Upload(_queries.Place<T>(_gradOutput), _queries.Dims(Heads, ValueHeadDim)),
            Query = dq.Tensor,
            Key = dk.Tensor,
            Value = dv.Tensor,
            Bias = floatBias ? dbiasFloat.Tensor : dbias.Tensor,
            Deterministic = deterministic,
        };
        using DeviceBuffer<byte>? workspace = inWorkspace
            ? scope.Stream.Device.Allocate<byte>(Attention.BackwardWorkspaceBytes(
                scope.Stream.Device, tensors.Query, tensors.Key, tensors.Value, tensors.Output, tensors.LogSumExp, gradients,
                tensors.Inputs, _setting.Options))
            : null;
        Attention.Backward(
            scope.Stream, tensors.Query, tensors.Key, tensors.Value, tensors.Output, tensors.LogSumExp, gradients, tensors.Inputs,
            _setting.Options, workspace);
        T[] q = dq.Memory.ToArray(scope.Stream), k = dk.Memory.ToArray(scope.Stream), v = dv.Memory.ToArray(scope.Stream);
        return new GradientResult<T>(
            Split(_queries, q, Heads * HeadDim),
            Split(_keys, k, KeyValueHeads * HeadDim),
            Split(_keys, v, KeyValueHeads * ValueHeadDim),
            dbias.Memory?.ToArray(scope.Stream) ?? [],
            dbiasFloat.Memory?.ToArray(scope.Stream) ?? []);
    }

    private T[][] Split(SequenceLayout layout, T[] memory, int rowLength) =>
        [.. Enumerable.Range(0, _query.Length).Select(b => layout.Take(memory, b, rowLength))];

    private SequenceAttention Sequence(int b)
    {
        int n = _setting.Parents?.Length ?? 0, first = _setting.KeyLengths[b] - n;
        int toPosition = _setting.KeyLengths[b] - _setting.QueryLengths[b];
        bool TreeAllows(int i, int j)
        {
            int token = i + toPosition - first; // of the query
            return token < 0 || j < first || _tree[token * n + j - first];
        }
        return new(_query[b], _key[b], _value[b], _setting.Options)
        {
            Batch = b,
            Bias = (h, i, j) => _bias.IsPresent ? _bias[b, h, i, j] : 0,
            Mask = (h, i, j) => (!_mask.IsPresent || _mask[b, h, i, j]) && TreeAllows(i, j),
            Slope = h => _setting.SlopeRank switch { 0 => 0, 1 => _slopes[h], _ => _slopes[b * Heads + h] },
        };
    }

    /// <summary>The problem's tensors on a device.</summary>
    private sealed class Tensors
    {
        private readonly FeatureProblem<T> _problem;
        private readonly DeviceBuffer<T> _output;
        private readonly DeviceBuffer<float> _logsumexp;

        public Tensors(FeatureProblem<T> p, TensorScope scope)
        {
            FeatureSetting setting = p._setting;
            _problem = p;
            Query = scope.Upload(p._queries.Place<T>(p._query), p._queries.Dims(Heads, HeadDim));
            Key = scope.Upload(p._keys.Place<T>(p._key), p._keys.Dims(KeyValueHeads, HeadDim));
            Value = scope.Upload(p._keys.Place<T>(p._value), p._keys.Dims(KeyValueHeads, ValueHeadDim));
            (Output, _output) = scope.Output<T>(p._queries.Dims(Heads, ValueHeadDim));
            (LogSumExp, _logsumexp) = scope.Output<float>(p._queries.LogSumExpDims(Heads));
            int batch = setting.QueryLengths.Length, draft = setting.Parents?.Length ?? 0;
            Inputs = new AttentionInputs
            {
                Bias = !p._bias.IsPresent ? default
                    : setting.BiasIsFloat ? scope.Upload(p._bias.Elements, p._bias.Dims)
                    : scope.Upload(
                        [.. p._bias.Elements.Select(number => Reference.Elements.FromDouble<T>(number))], p._bias.Dims),
                Mask = p._mask.IsPresent ? scope.Upload(p._mask.Elements, p._mask.Dims) : default,
                AlibiSlopes = setting.SlopeRank switch
                {
                    0 => default,
                    1 => scope.Upload(p._slopes[..Heads], Heads),
                    _ => scope.Upload(p._slopes, batch, Heads),
                },
                TreeMask = draft > 0 ? scope.Upload(p._tree, 1, draft, draft) : default,
                CuSeqlensQ = setting.IsPacked ? scope.Upload(p._queries.Offsets, batch + 1) : default,
                CuSeqlensK = setting.IsPacked ? scope.Upload(p._keys.Offsets, batch + 1) : default,
                SeqUsedK = setting.KeyCapacity > 0 ? scope.Upload(setting.KeyLengths, batch) : default,
            };
        }

        public DeviceTensor<T> Query { get; }

        public DeviceTensor<T> Key { get; }

        public DeviceTensor<T> Value { get; }

        public DeviceTensor<T> Output { get; }

        public DeviceTensor<float> LogSumExp { get; }

        public AttentionInputs Inputs { get; }

        public void Forward(TensorScope scope, AttentionOptions options, DeviceBuffer<byte>? workspace) =>
            Attention.Forward(scope.Stream, Query, Key, Value, Output, Inputs, options, LogSumExp, workspace);

        public FeatureResult<T> Result(TensorScope scope)
        {
            T[] output = _output.ToArray(scope.Stream);
            float[] logsumexp = _logsumexp.ToArray(scope.Stream);
            return new(
                _problem.Split(_problem._queries, output, Heads * ValueHeadDim),
                [.. Enumerable.Range(0, _problem._query.Length).Select(b => _problem._queries.TakeLogSumExp(logsumexp, b, Heads))]);
        }
    }
}

/// <summary>What a device has written, by sequence.</summary>
internal sealed record FeatureResult<T>(T[][] Output, float[][] LogSumExp)
    where T : unmanaged;

/// <summary>
/// Gradients that a device has written, by sequence; that of the bias, of the query's type or of float, as a whole.
/// </summary>
internal sealed record GradientResult<T>(T[][] Query, T[][] Key, T[][] Value, T[] Bias, float[] FloatBias)
    where T : unmanaged;
