namespace Kernels.Interop;

/// <summary>
/// Which pages belong to which sequence, counted on the host. A page may belong to several sequences, as long as none of them
/// writes to it: before one appends to a page that it shares, it gets a copy of its own.
/// </summary>
internal sealed class PageTable
{
    private readonly int _pageSize;
    private readonly int[] _owners; // sequences that a page belongs to
    private readonly Stack<int> _free;
    private readonly Dictionary<int, Sequence> _sequences = [];
    private readonly List<int> _copied = [];
    private int _nextSequence;

    public PageTable(int pages, int pageSize)
    {
        _pageSize = pageSize;
        _owners = new int[pages];
        _free = new Stack<int>(pages);
        for (int page = pages - 1; page >= 0; page--)
        {
            _free.Push(page);
        }
    }

    public int FreePages => _free.Count;

    public int SequenceCount => _sequences.Count;

    public int Add()
    {
        _sequences.Add(_nextSequence, new Sequence());
        return _nextSequence++;
    }

    public int Fork(int sequence)
    {
        Sequence source = Find(sequence, nameof(sequence));
        int fork = Add();
        _sequences[fork].Length = source.Length;
        _sequences[fork].Pages.AddRange(source.Pages);
        foreach (int page in source.Pages)
        {
            _owners[page]++;
        }
        return fork;
    }

    public void Remove(int sequence)
    {
        Release(Find(sequence, nameof(sequence)), keptPages: 0);
        _sequences.Remove(sequence);
    }

    public void Truncate(int sequence, int length)
    {
        Sequence s = Find(sequence, nameof(sequence));
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, s.Length);
        Release(s, PagesOf(length));
        s.Length = length;
    }

    public int Length(int sequence) => Find(sequence, nameof(sequence)).Length;

    public ReadOnlySpan<int> Pages(int sequence) =>
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(Find(sequence, nameof(sequence)).Pages);

    /// <summary>Free pages that a step takes, those for copies of shared pages included. Changes nothing.</summary>
    /// <exception cref="ArgumentException">A sequence is unknown or there twice, or a count is negative or too large.</exception>
    public int PagesNeeded(ReadOnlySpan<int> sequences, ReadOnlySpan<int> counts)
    {
        int needed = 0;
        try
        {
            for (int i = 0; i < sequences.Length; i++)
            {
                Sequence s = Find(sequences[i], nameof(sequences));
                if (sequences[..i].Contains(sequences[i]))
                {
                    throw new ArgumentException($"Sequence {sequences[i]} is in the batch twice.", nameof(sequences));
                }
                ArgumentOutOfRangeException.ThrowIfNegative(counts[i], nameof(counts));
                ArgumentOutOfRangeException.ThrowIfGreaterThan(counts[i], int.MaxValue - _pageSize - s.Length, nameof(counts));
                needed += PagesOf(s.Length + counts[i]) - s.Pages.Count;
                if (counts[i] > 0 && SharedPage(s) is int shared)
                {
                    // Of those that share a page, the last one to write to it may keep it.
                    needed++;
                    _owners[shared]--;
                    _copied.Add(shared);
                }
            }
            return needed;
        }
        finally
        {
            foreach (int page in _copied)
            {
                _owners[page]++;
            }
            _copied.Clear();
        }
    }

    /// <summary>Makes a sequence longer. There are enough free pages.</summary>
    /// <returns>A page to be copied, and where to; null if there is none.</returns>
    public (int From, int To)? Append(int sequence, int count)
    {
        Sequence s = _sequences[sequence];
        if (count == 0)
        {
            return null;
        }
        (int From, int To)? copy = null;
        if (SharedPage(s) is int shared)
        {
            int own = Take();
            _owners[shared]--;
            s.Pages[^1] = own;
            copy = (shared, own);
        }
        s.Length += count;
        while (s.Pages.Count < PagesOf(s.Length))
        {
            s.Pages.Add(Take());
        }
        return copy;
    }

    /// <summary>The page that the next key goes to, if there is one already and it belongs to others too.</summary>
    private int? SharedPage(Sequence s) =>
        s.Length % _pageSize != 0 && _owners[s.Pages[^1]] > 1 ? s.Pages[^1] : null;

    private int PagesOf(int length) => (length + _pageSize - 1) / _pageSize;

    private int Take()
    {
        int page = _free.Pop();
        _owners[page] = 1;
        return page;
    }

    private void Release(Sequence s, int keptPages)
    {
        while (s.Pages.Count > keptPages)
        {
            int page = s.Pages[^1];
            s.Pages.RemoveAt(s.Pages.Count - 1);
            if (--_owners[page] == 0)
            {
                _free.Push(page);
            }
        }
    }

    private Sequence Find(int sequence, string parameter) =>
        _sequences.TryGetValue(sequence, out Sequence? found)
            ? found
            : throw new ArgumentException($"There is no sequence {sequence}.", parameter);

    private sealed class Sequence
    {
        public List<int> Pages { get; } = [];

        public int Length { get; set; }
    }
}
