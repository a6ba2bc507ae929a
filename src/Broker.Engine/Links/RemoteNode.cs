using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;

namespace Broker.Engine;

/// <summary>
/// Another node as this one sees it: what waits to be sent, the one link that carries it, and the watches. Dials when there is
/// something to say or it is a member, again and again with a back-off; an address that is no member's is given up after a while.
/// </summary>
internal sealed class RemoteNode
{
    private readonly Links _links;
    private readonly Lock _gate = new();
    private readonly RefCache _refs;
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly long _memory;
    private Link? _link;
    private bool _isDialling;
    private bool _isClosed;
    private long _peerUid;
    private long _peerMemory;

    public RemoteNode(Links links, Address address)
    {
        (_links, Address, _memory) = (links, address, links.NextMemory());
        Queue = new SendQueue(links.Settings.QueueSize, links.Counters);
        Watcher = new RemoteWatcher(links.System, this);
        Watches = new RemoteWatches(this);
        _refs = new RefCache(links.System, address);
    }

    public Address Address { get; }

    public SendQueue Queue { get; }

    public RemoteWatches Watches { get; }

    public RemoteWatcher Watcher { get; }

    public bool IsClosed => Volatile.Read(ref _isClosed);

    /// <summary>Completes when nothing more comes over the present link.</summary>
    public Task LinkEnded => Volatile.Read(ref _link)?.Ended ?? Task.CompletedTask;

    public bool IsLinked => Volatile.Read(ref _link) is not null;

    /// <summary>Which life of the node the last link led to; 0 if there was none.</summary>
    public long PeerUid => Volatile.Read(ref _peerUid);

    private bool IsNeeded => _links.IsMember(Address) || !Queue.IsEmpty || !Watches.IsEmpty;

    /// <summary>Queues a frame. One that finds no room is lost.</summary>
    public void Send(Frame frame)
    {
        if (!Queue.TryAdd(frame) && !IsClosed)
        {
            _links.LogFull(Address);
        }

        if (Volatile.Read(ref _link) is null)
        {
            DialIfNeeded();
        }
    }

    /// <summary>Queues a frame that must not be lost while the link lives: if it finds no room the link ends, and the next one begins with all watches.</summary>
    public void SendSure(Frame frame)
    {
        if (!Queue.TryAdd(frame))
        {
            Volatile.Read(ref _link)?.Abort();
        }

        DialIfNeeded();
    }

    public void DialIfNeeded()
    {
        lock (_gate)
        {
            if (_isClosed || _isDialling || _link is not null || !IsNeeded)
            {
                return;
            }

            _isDialling = true;
        }

        _ = Task.Run(DialAsync);
    }

    /// <summary>Whether a link to that life of the node would be taken.</summary>
    public bool Wants(NodeIdentity peer, bool isDialledHere)
    {
        lock (_gate)
        {
            return !_isClosed && LinkChoice.Replaces(_link, peer, isDialledHere == _links.Self.CompareTo(peer) < 0);
        }
    }

    /// <summary>Both sides know each other: the connection becomes the link, unless the one there is stays.</summary>
    public void Attach(Wire wire, NodeIdentity peer, bool isDialledHere)
    {
        Link link, old;
        bool isOther;
        lock (_gate)
        {
            link = new Link(wire, this, _links, peer, isDialledHere);
            old = _link!;
            if (_isClosed || !LinkChoice.Replaces(old, peer, link.IsDialledBySmaller))
            {
                _ = link.DrainAsync(_closed.Task);
                return;
            }

            isOther = _peerUid != 0 && _peerUid != peer.Uid;
            _peerMemory = isOther ? 0 : _peerMemory;
            _peerUid = peer.Uid;
            _link = link;
        }

        _links.OnHeardOf(Address);
        if (isOther)
        {
            // Another life of the node: whom we watched died with the former one.
            Watches.OnNodeGone();
            _refs.Clear();
        }

        _ = link.RunAsync(old is null ? Task.CompletedTask : old.RetireAsync());
    }

    public void OnEnded(Link link)
    {
        bool isNeeded;
        lock (_gate)
        {
            if (_link != link)
            {
                return;
            }

            _link = null;
            isNeeded = IsNeeded;
        }

        if (isNeeded)
        {
            DialIfNeeded();
        }
        else
        {
            _ = CloseWhenForgottenAsync();
        }
    }

    /// <summary>The node is gone: what waits is dropped, who watches is told.</summary>
    /// <param name="life">Which of its lives; 0 for any. If a link has led to another one since, nothing is closed.</param>
    public void Close(long life = 0)
    {
        Link? link;
        lock (_gate)
        {
            if (_isClosed || (life != 0 && _peerUid != 0 && _peerUid != life))
            {
                return;
            }

            _isClosed = true;
            link = _link;
            _link = null;
        }

        // All here have been told before the other side can learn of it and begin anew.
        _links.Forget(this);
        Watches.OnNodeGone();
        _closed.TrySetResult();
        _ = EndAsync(link);
    }

    /// <summary>What waits may still go; it is not waited for long.</summary>
    private async Task EndAsync(Link? link)
    {
        if (link is not null)
        {
            await link.RetireAsync().ConfigureAwait(false);
        }

        Queue.Close();
    }

    public async Task CloseSoonAsync(TimeSpan after, long life)
    {
        if (after > TimeSpan.Zero)
        {
            await Task.Delay(after).ConfigureAwait(false);
        }

        Close(life);
    }

    /// <summary>Nobody needs it at the moment; another link may be on its way.</summary>
    private async Task CloseWhenForgottenAsync()
    {
        await Task.Delay(_links.Settings.GiveUp).ConfigureAwait(false);
        bool isForgotten;
        lock (_gate)
        {
            isForgotten = _link is null && !_isDialling && !IsNeeded;
        }

        if (isForgotten)
        {
            Close();
        }
    }

    /// <summary>
    /// What a link begins with: which memory of the other node this is (once closed, the next is another), and all watches.
    /// </summary>
    public IReadOnlyList<Frame> Opening()
    {
        var memory = Frame.Rent(FrameKind.Alive, sizeof(long));
        BinaryPrimitives.WriteInt64LittleEndian(memory.Payload, _memory);
        return [memory, .. Watches.Frames()];
    }

    /// <returns>False if it is not a frame that a link may carry.</returns>
    public bool OnFrame(FrameKind kind, ReadOnlySpan<byte> payload)
    {
        switch (kind)
        {
            case FrameKind.Message:
                return OnMessage(payload);
            case FrameKind.Watch:
                Watches.OnWatch(Encoding.UTF8.GetString(payload), _refs.Recipient(payload));
                return true;
            case FrameKind.Unwatch:
                Watches.OnUnwatch(Encoding.UTF8.GetString(payload), _refs.Recipient(payload));
                return true;
            case FrameKind.Died:
                return Watches.OnDied(payload);
            case FrameKind.Alive:
                OnAlive(payload);
                return true;
            default:
                return false;
        }
    }

    /// <summary>
    /// The other node may have taken this one for gone while it was cut off or stood still: its actors have been told that ours are dead, and do
    /// not know them any more. To ours it is as if theirs had died; the two must begin with each other anew.
    /// </summary>
    private void OnAlive(ReadOnlySpan<byte> payload)
    {
        if (!BinaryPrimitives.TryReadInt64LittleEndian(payload, out var memory))
        {
            return;
        }

        bool hasForgotten;
        lock (_gate)
        {
            hasForgotten = _peerMemory != 0 && _peerMemory != memory;
            _peerMemory = memory;
        }

        if (hasForgotten)
        {
            Watches.OnForgotten();
        }
    }

    private bool OnMessage(ReadOnlySpan<byte> payload)
    {
        if (!MessageFrame.TryRead(payload, out var frame))
        {
            return false;
        }

        object message;
        try
        {
            message = _links.System.Serialization.Deserialize(frame.Message.ToArray(), frame.Serializer, Encoding.UTF8.GetString(frame.Manifest));
        }
        catch (Exception failure)
        {
            _links.Log.Error($"A message from {Address} cannot be read", failure);
            return true;
        }

        _refs.Recipient(frame.Recipient).Tell(message, frame.Sender.IsEmpty ? ActorRefs.NoSender : _refs.Sender(frame.Sender));
        return true;
    }

    /// <summary>
    /// A member has been out of reach for so long that those who told it something have given up: when it is back it hears nothing old, and what is
    /// new finds room. Watches are said again anyway.
    /// </summary>
    private void DropWhatWaits()
    {
        lock (_gate)
        {
            // Not from under a link that the other side has made meanwhile.
            if (_link is null)
            {
                Queue.Clear();
            }
        }
    }

    private async Task DialAsync()
    {
        var since = Stopwatch.GetTimestamp();
        var backOff = _links.Settings.MinBackOff;
        while (true)
        {
            lock (_gate)
            {
                if (_isClosed || _link is not null || !IsNeeded)
                {
                    _isDialling = false;
                    return;
                }
            }

            try
            {
                if (await _links.DialAsync(this).ConfigureAwait(false))
                {
                    continue;
                }
            }
            catch (Exception failure)
            {
                // Whatever it is: who stops trying here never dials again.
                _links.LogFailedDial(Address, failure);
            }

            if (!_links.IsMember(Address) && Stopwatch.GetElapsedTime(since) > _links.Settings.GiveUp)
            {
                Close();
                return;
            }

            if (_links.IsMember(Address) && Stopwatch.GetElapsedTime(since) > _links.Settings.Silence)
            {
                DropWhatWaits();
            }

            await Task.Delay(backOff).ConfigureAwait(false);
            backOff = TimeSpan.FromTicks(Math.Min(backOff.Ticks * 2, _links.Settings.MaxBackOff.Ticks));
        }
    }
}

/// <summary>The references of paths that came over a link: most come again and again. Used by one link's reader at a time.</summary>
internal sealed class RefCache(LocalActorSystem system, Address peer)
{
    private const int MaxCount = 10_000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, IActorRef> _recipients = [];
    private readonly Dictionary<string, IActorRef> _senders = [];

    public IActorRef Recipient(ReadOnlySpan<byte> path) => Find(_recipients, path, system.Address);

    public IActorRef Sender(ReadOnlySpan<byte> path) => Find(_senders, path, peer);

    public void Clear()
    {
        lock (_gate)
        {
            _recipients.Clear();
            _senders.Clear();
        }
    }

    private IActorRef Find(Dictionary<string, IActorRef> known, ReadOnlySpan<byte> path, Address home)
    {
        Span<char> buffer = path.Length <= 512 ? stackalloc char[512] : new char[path.Length];
        var text = buffer[..Encoding.UTF8.GetChars(path, buffer)];
        lock (_gate)
        {
            if (known.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text, out var found) && found is not IInternalActorRef { IsTerminated: true })
            {
                return found;
            }

            var whole = text.StartsWith("/") ? $"{home}{text}" : text.ToString();
            var actor = system.Provider.ResolveActorRef(whole);
            if (known.Count >= MaxCount)
            {
                known.Clear();
            }

            return known[text.ToString()] = actor;
        }
    }
}
