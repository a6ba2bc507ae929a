namespace Broker.Actors.Connections;

/// <summary>A queue that may drop what waits in it: only that can be dropped, so little is handed over at a time. Otherwise a slow client would first be given all that waited when it became slow, however old.</summary>
internal abstract class DroppingQueue(int subscriptions) : OutboxQueue(subscriptions)
{
    /// <summary>Bytes handed over at a time, unless a single slice is larger: what a websocket copies for one flush.</summary>
    public const int AtATime = 64 * 1024;

    private List<Entry>? _waiting;
    private List<ReadOnlyMemory<byte>>? _spare;

    public override bool IsEmpty => _waiting is null or { Count: 0 };

    /// <summary>What may be written, in order. An idle connection keeps nothing.</summary>
    protected List<Entry>? Waiting => _waiting;

    /// <summary>Of all that waits, whether it may be written or not.</summary>
    protected long Bytes { get; set; }

    /// <summary>Being written: nothing of it can be dropped.</summary>
    protected long UnderWay { get; private set; }

    public override List<ReadOnlyMemory<byte>>? Take()
    {
        var frames = _spare ?? SpareList<ReadOnlyMemory<byte>>.Borrow();
        _spare = null;
        if (_waiting is not null) HandOver(_waiting, frames);

        GiveBackIfEmpty();
        if (frames.Count > 0) return frames;

        SpareList<ReadOnlyMemory<byte>>.GiveBack(ref frames!);
        return null;
    }

    public override void Written(List<ReadOnlyMemory<byte>> frames, long bytes)
    {
        UnderWay -= bytes;
        _spare = frames;
    }

    public override void Clear() => (_waiting, Bytes) = (null, 0);

    protected List<Entry> InWaiting() => _waiting ??= SpareList<Entry>.Borrow();

    protected void GiveBackIfEmpty()
    {
        if (IsEmpty) SpareList<Entry>.GiveBack(ref _waiting);
    }

    private void HandOver(List<Entry> waiting, List<ReadOnlyMemory<byte>> frames)
    {
        var count = 0;
        for (; count < waiting.Count; count++)
        {
            var bytes = waiting[count].Frames.Bytes;
            if (frames.Count > 0 && UnderWay + bytes.Length > AtATime) break;
            if (bytes.IsEmpty) continue;

            frames.Add(bytes);
            UnderWay += bytes.Length;
        }

        waiting.RemoveRange(0, count);
        Bytes -= UnderWay;
    }

    /// <summary>What a subscription is given.</summary>
    /// <param name="Subscription">Its index; -1 for what belongs to none, or to one that its frames name.</param>
    protected readonly record struct Entry(int Subscription, FrameSlice Frames)
    {
        /// <summary>The client has it from another subscription, or will have.</summary>
        public bool IsKnown => Frames.Count == 0 && Frames.PublishId is not null;
    }
}
