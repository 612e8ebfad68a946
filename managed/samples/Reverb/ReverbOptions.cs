using System.Globalization;
using Reverb.Rooms;

namespace Reverb;

/// <summary>What the command line asks for.</summary>
/// <param name="Inputs">WAV files to hear one behind the other; none for the recordings that are fetched</param>
/// <param name="Output">WAV file to write</param>
/// <param name="Drawing">SVG file to write; null for none</param>
/// <param name="Room">its size, such as 18x11x6, in metres</param>
/// <param name="ReverberationTime">seconds until sound has lost 60 dB</param>
/// <param name="Block">samples of a block</param>
/// <param name="Device">device to compute on</param>
internal sealed record ReverbOptions(
    IReadOnlyList<string> Inputs, string Output, string? Drawing, string Room, double ReverberationTime, int Block, string Device)
{
    private const double SmallestRoom = 1, LargestRoom = 1000, ShortestTime = 0.05, LongestTime = 30;

    private const int LongestBlock = 1 << 22;

    /// <summary>The room that is asked for.</summary>
    /// <exception cref="InputException">A number makes no sense.</exception>
    public ShoeboxRoom ToRoom()
    {
        if (!(ReverberationTime is >= ShortestTime and <= LongestTime))
        {
            throw new InputException($"--rt60 must be {ShortestTime} to {LongestTime} seconds, not {ReverberationTime}");
        }

        if (Block is < 1 or > LongestBlock)
        {
            throw new InputException($"--block must be 1 to {LongestBlock}, not {Block}");
        }

        var sizes = Room.Split('x');
        var metres = new double[3];
        if (sizes.Length != metres.Length)
        {
            throw new InputException($"--room must be three lengths such as 18x11x6, not {Room}");
        }

        for (var i = 0; i < metres.Length; i++)
        {
            if (!double.TryParse(sizes[i], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out metres[i])
                || metres[i] is < SmallestRoom or > LargestRoom)
            {
                throw new InputException($"--room must have lengths of {SmallestRoom} to {LargestRoom} metres, not {sizes[i]}");
            }
        }

        return new ShoeboxRoom(new Vector(metres[0], metres[1], metres[2]), ReverberationTime);
    }
}
