namespace Kernels.Interop.Tests.Reference;

/// <summary>The random numbers of dropout, written from the header's description (Philox4x32-10, Salmon et al. 2011).</summary>
internal static class Philox
{
    /// <summary>The factor on a weight: 0 if it is dropped, else 1 / (1 - probability).</summary>
    public static double Factor(AttentionDropout dropout, int batch, int head, int heads, int query, int key)
    {
        double threshold = Math.Round(dropout.Probability * 65536.0);
        if (threshold == 0)
        {
            return 1;
        }
        uint[] words = Block(
            [(uint)(key / 32 * 4 + key % 8 / 2), (uint)query, (uint)(batch * heads + head), dropout.Offset], dropout.Seed);
        uint word = words[key % 32 / 8];
        uint number = key % 2 == 0 ? word & 0xffff : word >> 16;
        return number < threshold ? 0 : 65536 / (65536 - threshold);
    }

    /// <summary>Ten rounds over a counter of four words.</summary>
    public static uint[] Block(uint[] counter, ulong key)
    {
        (uint c0, uint c1, uint c2, uint c3) = (counter[0], counter[1], counter[2], counter[3]);
        (uint k0, uint k1) = ((uint)key, (uint)(key >> 32));
        for (int round = 0; round < 10; round++)
        {
            ulong a = (ulong)c0 * 0xD2511F53, b = (ulong)c2 * 0xCD9E8D57;
            (c0, c1, c2, c3) = ((uint)(b >> 32) ^ c1 ^ k0, (uint)b, (uint)(a >> 32) ^ c3 ^ k1, (uint)a);
            (k0, k1) = (k0 + 0x9E3779B9, k1 + 0xBB67AE85);
        }
        return [c0, c1, c2, c3];
    }
}
