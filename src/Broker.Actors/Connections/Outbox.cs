using Broker.Actors.Settings;

namespace Broker.Actors.Connections;

/// <summary>
/// Owns what waits for one client: frames that are already encoded, bounded in bytes. All that waits leaves in one write, tried at once by whoever hands it over.
/// </summary>
/// <remarks>
/// The relays of a connection offer from their own threads, so there is a lock; it is never held over a write. Until every subscription has had its replay,
/// frames are put in the order of the subscriptions (<see cref="Joined"/>): ws4redis clients expect broadcast, groups, user, session.
/// </remarks>
internal sealed class Outbox
{
    /// <summary>How many publish ids of publications with several channels are remembered.</summary>
    private const int RememberedIds = 64;

    /// <summary>A list that has grown larger is not kept.</summary>
    private const int KeptCapacity = 64;

    // An idle client has no list; one that gets something borrows its thread's for as long as the write takes.
    [ThreadStatic]
    private static List<ReadOnlyMemory<byte>>? _unused;

    private readonly Lock _gate = new();
    private readonly int _limit;
    private readonly BrokerMetrics? _metrics;
    private readonly Action<CloseReason> _closing;
    private IClientTransport? _transport;
    private List<ReadOnlyMemory<byte>>? _waiting;
    private List<ReadOnlyMemory<byte>>? _spare;
    private JoinOrder? _joining;
    private Queue<string>? _seen;
    private long _bytes;
    private bool _writing;
    private CloseReason? _closed;

    /// <param name="limit">Bytes that may wait when more comes, the write that is under way included.</param>
    /// <param name="subscriptions">How many subscriptions will join.</param>
    /// <param name="closing">Told once, when the outbox closes by its own rule.</param>
    /// <param name="metrics">Counts what is written.</param>
    public Outbox(int limit, int subscriptions, Action<CloseReason> closing, BrokerMetrics? metrics = null)
    {
        _metrics = metrics;
        _limit = limit;
        _closing = closing;
        Subscriptions = subscriptions;
        if (subscriptions > 0) _joining = new JoinOrder(subscriptions);
    }

    public int Subscriptions { get; }

    /// <summary>The client is there: what has waited leaves now.</summary>
    public void Attach(IClientTransport transport)
    {
        CloseReason? closed = null;
        lock (_gate)
        {
            _transport = transport;
            if (!StartWriting())
            {
                if (_closed is null) return;
                closed = _closed;
            }
        }

        if (closed is { } reason) transport.Close(reason);
        else Write();
    }

    /// <summary>Frames that belong to no subscription.</summary>
    public void Offer(ReadOnlyMemory<byte> frames) => Offer(-1, frames);

    /// <summary>Frames of the subscription with this index, all that it gets at this moment.</summary>
    public void Offer(int subscription, params ReadOnlySpan<ReadOnlyMemory<byte>> frames)
    {
        long bytes = 0;
        foreach (var slice in frames) bytes += slice.Length;

        bool full;
        lock (_gate)
        {
            if (_closed is not null) return;

            // What counts is what waits already, not what comes: how much was published in one go says nothing about this client, and those bytes are shared by all.
            full = _bytes >= _limit;
            _bytes += bytes;
            if (full) DropAll();
            else if (_joining is null || subscription < 0 || _joining.MayPass(subscription)) (_waiting ??= Borrow()).AddRange(frames);
            else _joining.Hold(subscription, frames);

            if (!full && !StartWriting()) return;
        }

        if (!full)
        {
            Write();
            return;
        }

        // What waited is not flushed: the client could not read it anyway.
        _closing(CloseReason.Slow);
        _transport?.Close(CloseReason.Slow);
    }

    /// <summary>The subscription's replay has been offered: it, and those after it that wait only for it, may flow.</summary>
    public void Joined(int subscription)
    {
        lock (_gate)
        {
            if (_joining is null || _closed is not null) return;

            _joining.Joined(subscription, _waiting ??= Borrow());
            if (_joining.IsOver) _joining = null;
            if (!StartWriting())
            {
                GiveBackEmpty();
                return;
            }
        }

        Write();
    }

    /// <summary>True the first time that this connection meets the id of a publication that went to several channels.</summary>
    public bool IsNew(string publishId)
    {
        lock (_gate)
        {
            _seen ??= new Queue<string>();
            if (_seen.Contains(publishId)) return false;

            _seen.Enqueue(publishId);
            if (_seen.Count > RememberedIds) _seen.Dequeue();
            return true;
        }
    }

    /// <summary>Takes nothing more; what waits leaves first, then the client is closed.</summary>
    public void Close(CloseReason reason)
    {
        lock (_gate)
        {
            if (_closed is not null) return;

            _closed = reason;
            _joining?.ReleaseAll(_waiting ??= Borrow());
            _joining = null;
            if (_transport is null || _writing) return;
            if (!StartWriting()) _writing = true;
        }

        Write();
    }

    private void DropAll()
    {
        _closed = CloseReason.Slow;
        _waiting = null;
        _joining = null;
    }

    private bool StartWriting()
    {
        if (_writing || _transport is null || _waiting is null or { Count: 0 }) return false;

        _writing = true;
        return true;
    }

    private void Write()
    {
        while (TakeAll() is { } frames)
        {
            var write = _transport!.WriteAsync(frames);
            if (!write.IsCompletedSuccessfully)
            {
                _ = WriteLater(write, frames);
                return;
            }

            Written(frames);
        }
    }

    private async Task WriteLater(ValueTask write, List<ReadOnlyMemory<byte>> frames)
    {
        await write;
        Written(frames);
        Write();
    }

    private List<ReadOnlyMemory<byte>>? TakeAll()
    {
        CloseReason reason;
        lock (_gate)
        {
            if (_waiting is { Count: > 0 } waiting)
            {
                _waiting = _spare;
                _spare = null;
                return waiting;
            }

            // An idle connection keeps nothing.
            GiveBackEmpty();
            GiveBack(_spare);
            _spare = null;
            _writing = false;
            if (_closed is not { } closed) return null;
            reason = closed;
        }

        _transport!.Close(reason);
        return null;
    }

    private static List<ReadOnlyMemory<byte>> Borrow()
    {
        var list = _unused ?? [];
        _unused = null;
        return list;
    }

    private void GiveBackEmpty()
    {
        if (_waiting is { Count: > 0 }) return;

        GiveBack(_waiting);
        _waiting = null;
    }

    private static void GiveBack(List<ReadOnlyMemory<byte>>? list)
    {
        if (list is { Capacity: <= KeptCapacity }) _unused = list;
    }

    private void Written(List<ReadOnlyMemory<byte>> frames)
    {
        long bytes = 0;
        foreach (var frame in frames) bytes += frame.Length;
        frames.Clear();
        _metrics?.BytesOut(bytes);

        lock (_gate)
        {
            _bytes -= bytes;
            _spare = frames;
        }
    }
}
