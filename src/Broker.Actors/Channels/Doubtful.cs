namespace Broker.Actors.Channels;

/// <summary>
/// Foreign publications of which it is not known whether the history has them: seen before our mark, or in a script that failed. They take up room.
/// </summary>
internal sealed class Doubtful(Room room)
{
    private readonly List<byte[]> _payloads = [];

    public int Count => _payloads.Count;

    /// <summary>Oldest first.</summary>
    public IEnumerable<byte[]> Payloads => _payloads;

    public void Add(byte[] payload) => _payloads.Add(payload);

    public bool Holds(ReadOnlySpan<byte> payload) => IndexOf(payload) >= 0;

    /// <summary>The history has one like this: it is in no doubt any more.</summary>
    public void Forget(ReadOnlySpan<byte> payload)
    {
        var index = IndexOf(payload);
        if (index < 0) return;

        room.Free(_payloads[index]);
        _payloads.RemoveAt(index);
    }

    public void ForgetOldest(long count)
    {
        var gone = (int)Math.Min(count, _payloads.Count);
        for (var i = 0; i < gone; i++) room.Free(_payloads[i]);
        _payloads.RemoveRange(0, gone);
    }

    /// <summary>They are to be appended after all, and keep their room until they are.</summary>
    public IReadOnlyList<byte[]> TakeAll()
    {
        byte[][] all = [.. _payloads];
        _payloads.Clear();
        return all;
    }

    private int IndexOf(ReadOnlySpan<byte> payload)
    {
        for (var i = 0; i < _payloads.Count; i++) if (payload.SequenceEqual(_payloads[i])) return i;
        return -1;
    }
}
