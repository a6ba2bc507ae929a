namespace Broker.Actors.Connections;

/// <summary>
/// A queue that drops nothing: a client for which too much waits is too slow.
/// </summary>
/// <param name="limit">Bytes that may wait when more comes, the write that is under way included.</param>
/// <param name="subscriptions">How many subscriptions will join.</param>
internal sealed class PlainQueue(int limit, int subscriptions) : OutboxQueue(subscriptions)
{
    // What waits while it is one slice, as it nearly always is; more stand in the list.
    private ReadOnlyMemory<byte> _one;
    private List<ReadOnlyMemory<byte>>? _waiting;
    private List<ReadOnlyMemory<byte>>? _spare;
    private JoinOrder<ReadOnlyMemory<byte>>? _joining = subscriptions > 0 ? new(subscriptions) : null;
    private long _bytes;

    public override bool IsEmpty => _one.IsEmpty && _waiting is null or { Count: 0 };

    public override bool Offer(int subscription, ReadOnlySpan<FrameSlice> frames, out int taken)
    {
        // What counts is what waits already, not what comes: how much was published in one go says nothing about this client, and those bytes are shared by all.
        var isFull = _bytes >= limit;
        var mayPass = _joining is null || _joining.MayPass(subscription);
        taken = 0;
        foreach (ref readonly var slice in frames)
        {
            if (!IsNew(slice)) continue;
            if (isFull) return false;

            taken += slice.Count;
            _bytes += slice.Bytes.Length;
            if (!mayPass) _joining!.Hold(subscription, slice.Bytes);
            else if (_one.IsEmpty && _waiting is null) _one = slice.Bytes;
            else InList().Add(slice.Bytes);
        }

        return true;
    }

    public override void Joined(int subscription)
    {
        if (_joining is null) return;

        _joining.Joined(subscription, InList());
        if (_joining.IsOver) _joining = null;
        if (IsEmpty) SpareList<ReadOnlyMemory<byte>>.GiveBack(ref _waiting);
    }

    public override void JoinAll()
    {
        _joining?.ReleaseAll(InList());
        _joining = null;
    }

    /// <summary>All of it.</summary>
    public override List<ReadOnlyMemory<byte>>? Take()
    {
        if (!_one.IsEmpty) InList();
        if (_waiting is { Count: > 0 } waiting)
        {
            (_waiting, _spare) = (_spare, null);
            return waiting;
        }

        // An idle connection keeps nothing.
        SpareList<ReadOnlyMemory<byte>>.GiveBack(ref _waiting);
        SpareList<ReadOnlyMemory<byte>>.GiveBack(ref _spare);
        return null;
    }

    public override void Written(List<ReadOnlyMemory<byte>> frames, long bytes)
    {
        _bytes -= bytes;
        _spare = frames;
    }

    public override void Clear() => (_one, _waiting, _joining) = (default, null, null);

    private List<ReadOnlyMemory<byte>> InList()
    {
        if (_waiting is null) (_waiting, _spare) = (_spare ?? SpareList<ReadOnlyMemory<byte>>.Borrow(), null);
        if (!_one.IsEmpty) _waiting.Add(_one);
        _one = default;
        return _waiting;
    }
}
