using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Samples;

/// <summary>A dense layer, y = x W + b, for any number of rows.</summary>
/// <remarks>
/// The result is computed in tiles of <see cref="TileRows"/> rows by two vectors of columns, whose sums stay in registers:
/// 12 sums, 2 vectors of W and 1 of x make 15 of AVX2's 16 registers. W is stored once, and x at each call, in the order
/// in which the tiles read them.
/// </remarks>
internal sealed class DenseLayer
{
    private const int TileRows = 6;

    private static readonly int TileColumns = 2 * Vector<float>.Count;

    private readonly int _inputs;
    private readonly int _outputs;
    private readonly float[] _bias; // [panels, TileColumns], zero beyond the last column
    private readonly float[] _weight; // [panels, inputs, TileColumns], zero beyond the last column

    /// <summary>Makes a layer.</summary>
    /// <param name="weight">W, [inputs, outputs]</param>
    /// <param name="bias">b, [outputs]</param>
    public DenseLayer(ReadOnlySpan<float> weight, ReadOnlySpan<float> bias)
    {
        _outputs = bias.Length;
        _inputs = weight.Length / _outputs;

        var columns = (_outputs + TileColumns - 1) / TileColumns * TileColumns;
        _bias = new float[columns];
        bias.CopyTo(_bias);
        _weight = new float[columns * _inputs];
        for (var column = 0; column < _outputs; column += TileColumns)
        {
            var width = Math.Min(TileColumns, _outputs - column);
            var panel = _weight.AsSpan(column * _inputs);
            for (var i = 0; i < _inputs; i++)
            {
                weight.Slice(i * _outputs + column, width).CopyTo(panel[(i * TileColumns)..]);
            }
        }
    }

    /// <summary>Computes y = x W + b.</summary>
    /// <param name="x">[rows, inputs]</param>
    /// <param name="y">[rows, outputs], written</param>
    /// <param name="rows">number of rows</param>
    public void Forward(ReadOnlySpan<float> x, Span<float> y, int rows)
    {
        var tiles = (rows + TileRows - 1) / TileRows;
        var packed = ArrayPool<float>.Shared.Rent(tiles * TileRows * _inputs);
        Pack(x, packed, rows);

        Span<float> tile = stackalloc float[TileRows * TileColumns];
        for (var column = 0; column < _outputs; column += TileColumns)
        {
            var width = Math.Min(TileColumns, _outputs - column);
            var panel = _weight.AsSpan(column * _inputs, _inputs * TileColumns);
            var bias = _bias.AsSpan(column, TileColumns);
            for (var row = 0; row < rows; row += TileRows)
            {
                Tile(packed.AsSpan(row * _inputs, TileRows * _inputs), panel, bias, tile);
                for (var r = 0; r < Math.Min(TileRows, rows - row); r++)
                {
                    tile.Slice(r * TileColumns, width).CopyTo(y[((row + r) * _outputs + column)..]);
                }
            }
        }

        ArrayPool<float>.Shared.Return(packed);
    }

    /// <summary>Stores x as [tiles, inputs, TileRows], with zeros for the rows that the last tile lacks.</summary>
    private void Pack(ReadOnlySpan<float> x, Span<float> packed, int rows)
    {
        for (var row = 0; row < rows; row += TileRows)
        {
            var tile = packed.Slice(row * _inputs, TileRows * _inputs);
            var count = Math.Min(TileRows, rows - row);
            if (count < TileRows)
            {
                tile.Clear();
            }

            for (var r = 0; r < count; r++)
            {
                var source = x.Slice((row + r) * _inputs, _inputs);
                for (var i = 0; i < source.Length; i++)
                {
                    tile[i * TileRows + r] = source[i];
                }
            }
        }
    }

    /// <summary>One tile of the result.</summary>
    /// <param name="rows">[inputs, TileRows]</param>
    /// <param name="panel">[inputs, TileColumns]</param>
    /// <param name="bias">[TileColumns]</param>
    /// <param name="tile">[TileRows, TileColumns], written</param>
    private static void Tile(
        ReadOnlySpan<float> rows, ReadOnlySpan<float> panel, ReadOnlySpan<float> bias, Span<float> tile)
    {
        var (y00, y01) = (new Vector<float>(bias), new Vector<float>(bias[Vector<float>.Count..]));
        var (y10, y11, y20, y21, y30, y31) = (y00, y01, y00, y01, y00, y01);
        var (y40, y41, y50, y51) = (y00, y01, y00, y01);

        var weights = MemoryMarshal.Cast<float, Vector<float>>(panel);
        for (var i = 0; 2 * i < weights.Length; i++)
        {
            var w = weights.Slice(2 * i, 2);
            var (w0, w1) = (w[0], w[1]);
            var x = rows.Slice(TileRows * i, TileRows);
            y00 = Vector.FusedMultiplyAdd(new Vector<float>(x[0]), w0, y00);
            y01 = Vector.FusedMultiplyAdd(new Vector<float>(x[0]), w1, y01);
            y10 = Vector.FusedMultiplyAdd(new Vector<float>(x[1]), w0, y10);
            y11 = Vector.FusedMultiplyAdd(new Vector<float>(x[1]), w1, y11);
            y20 = Vector.FusedMultiplyAdd(new Vector<float>(x[2]), w0, y20);
            y21 = Vector.FusedMultiplyAdd(new Vector<float>(x[2]), w1, y21);
            y30 = Vector.FusedMultiplyAdd(new Vector<float>(x[3]), w0, y30);
            y31 = Vector.FusedMultiplyAdd(new Vector<float>(x[3]), w1, y31);
            y40 = Vector.FusedMultiplyAdd(new Vector<float>(x[4]), w0, y40);
            y41 = Vector.FusedMultiplyAdd(new Vector<float>(x[4]), w1, y41);
            y50 = Vector.FusedMultiplyAdd(new Vector<float>(x[5]), w0, y50);
            y51 = Vector.FusedMultiplyAdd(new Vector<float>(x[5]), w1, y51);
        }

        var result = MemoryMarshal.Cast<float, Vector<float>>(tile);
        (result[0], result[1], result[2], result[3], result[4], result[5]) = (y00, y01, y10, y11, y20, y21);
        (result[6], result[7], result[8], result[9], result[10], result[11]) = (y30, y31, y40, y41, y50, y51);
    }
}
