using System.Runtime.CompilerServices;

namespace Broker.Engine;

/// <summary>
/// An actor of this process: its name and its mailbox. The actor behind it is an
/// <see cref="ActorCell"/>, dropped when the actor has stopped.
/// </summary>
/// <remarks>
/// The mailbox is two words. <c>_inbox</c> is at once the state of the actor and the stack of what came in:
/// <list type="bullet">
/// <item><see cref="Envelope.Idle"/>: nothing to do, no thread has it. Who puts the first message must schedule the actor;</item>
/// <item><c>null</c> or a stack of messages: scheduled or running. Who adds to it need do no more;</item>
/// <item><see cref="Envelope.Closed"/>: stopped. Messages go to dead letters.</item>
/// </list>
/// A Tell is one compare-and-swap. The running turn takes the whole stack and reverses it into <c>_batch</c>, which nobody
/// else touches. System messages have a stack of their own, looked at before each message.
/// </remarks>
internal sealed class LocalActorRef : ActorRefBase
{
    private readonly IInternalActorRef _parent;
    private readonly string _name;
    private readonly int _uid;
    private readonly Dispatcher _dispatcher;
    private ActorCell? _cell;
    private Envelope? _inbox = Envelope.Idle;
    private Envelope? _batch;
    private SystemMessage? _systemInbox;

    public LocalActorRef(IInternalActorRef parent, string name, Props props, Dispatcher dispatcher)
    {
        _parent = parent;
        _name = name;
        _uid = (int)(dispatcher.System.NextUid() & int.MaxValue);
        _dispatcher = dispatcher;
        _cell = new ActorCell(this, props);
    }

    public override LocalActorSystem System => _dispatcher.System;

    public override IInternalActorRef Parent => _parent;

    public override bool IsTerminated => Volatile.Read(ref _cell) is null;

    public string Name => _name;

    public long Uid => _uid;

    public Dispatcher Dispatcher => _dispatcher;

    /// <summary>Null when the actor has stopped.</summary>
    public ActorCell? Cell => Volatile.Read(ref _cell);

    /// <summary>Its supervisor wants it stopped. Written and read by the supervisor's turn only.</summary>
    public bool IsDying { get; set; }

    public override ActorPath Path
    {
        get
        {
            // Made when asked for, from the top down: a chain of parents may be long, and hardly anybody asks.
            var chain = new Stack<LocalActorRef>();
            for (var actor = this; actor is not null; actor = actor._parent as LocalActorRef)
            {
                chain.Push(actor);
            }

            ActorPath path = new RootActorPath(System.Address);
            foreach (var actor in chain.Skip(1))
            {
                path = new ChildActorPath(path, actor._name, actor._uid);
            }

            return path;
        }
    }

    public override void Tell(object message, IActorRef? sender)
    {
        ThrowIfNull(message);
        var envelope = Envelope.Rent(message, sender);
        var seen = Volatile.Read(ref _inbox);
        while (true)
        {
            if (ReferenceEquals(seen, Envelope.Closed))
            {
                Envelope.Return(envelope);
                System.DeadLetterMailbox.Lost(message, sender, this);
                return;
            }

            var wasIdle = ReferenceEquals(seen, Envelope.Idle);
            envelope.Next = wasIdle ? null : seen;
            var found = Interlocked.CompareExchange(ref _inbox, envelope, seen);
            if (!ReferenceEquals(found, seen))
            {
                seen = found;
                continue;
            }

            if (wasIdle)
            {
                _dispatcher.Schedule(this);
            }

            return;
        }
    }

    public override void SendSystemMessage(SystemMessage message)
    {
        var seen = Volatile.Read(ref _systemInbox);
        while (true)
        {
            if (ReferenceEquals(seen, SystemMessage.Closed))
            {
                base.SendSystemMessage(message);
                return;
            }

            message.Next = seen;
            var found = Interlocked.CompareExchange(ref _systemInbox, message, seen);
            if (ReferenceEquals(found, seen))
            {
                break;
            }

            seen = found;
        }

        if (TryClaim())
        {
            _dispatcher.Schedule(this);
        }
    }

    /// <summary>Sends <see cref="Terminate"/>.</summary>
    public void Stop() => SendSystemMessage(new Terminate());

    /// <summary>Handles what is there, up to the dispatcher's throughput.</summary>
    /// <returns>Whether there is more: the caller must then see that there is another turn.</returns>
    public bool RunTurn()
    {
        var cell = _cell!;
        var left = _dispatcher.Throughput;
        ActorCell.Current = cell;
        try
        {
            while (true)
            {
                if (Volatile.Read(ref _systemInbox) is not null)
                {
                    RunSystemMessages(cell);
                    if (_cell is null)
                    {
                        return false;
                    }
                }

                if (left-- == 0 || cell.IsSuspended || Next() is not { } envelope)
                {
                    break;
                }

                var message = envelope.Message!;
                var sender = envelope.Sender;
                Envelope.Return(envelope);
                cell.Receive(message, sender);
            }
        }
        finally
        {
            ActorCell.Current = null;
        }

        return !TryPark(cell);
    }

    /// <summary>The actor has stopped: what waits and what still comes goes to dead letters.</summary>
    public void Close()
    {
        var newest = Interlocked.Exchange(ref _inbox, Envelope.Closed);
        var oldest = _batch;
        _batch = null;
        Volatile.Write(ref _cell, null);

        Bury(oldest);
        Bury(Envelope.Reverse(newest));
    }

    /// <summary>Closes the way for system messages too; those that came too late are answered as by a dead actor.</summary>
    public void CloseSystem()
    {
        var left = Interlocked.Exchange(ref _systemInbox, SystemMessage.Closed);
        while (left is not null)
        {
            var next = left.Next;
            base.SendSystemMessage(left);
            left = next;
        }
    }

    public override bool Equals(IActorRef? other) =>
        ReferenceEquals(this, other) || (other is not null and not LocalActorRef && base.Equals(other));

    public override int GetHashCode() => _uid;

    private void RunSystemMessages(ActorCell cell)
    {
        var newest = Interlocked.Exchange(ref _systemInbox, null);
        SystemMessage? message = null;
        while (newest is not null)
        {
            (newest.Next, message, newest) = (message, newest, newest.Next);
        }

        for (; message is not null; message = message.Next)
        {
            if (_cell is not null)
            {
                cell.ReceiveSystemMessage(message);
            }
            else
            {
                base.SendSystemMessage(message);
            }
        }
    }

    private Envelope? Next()
    {
        var envelope = _batch;
        if (envelope is null)
        {
            if (Volatile.Read(ref _inbox) is null)
            {
                return null;
            }

            envelope = Envelope.Reverse(Interlocked.Exchange(ref _inbox, null));
        }

        _batch = envelope!.Next;
        return envelope;
    }

    /// <summary>Lets go of the actor, unless there is something that it could do.</summary>
    private bool TryPark(ActorCell cell)
    {
        var suspended = cell.IsSuspended;
        if (!suspended && _batch is not null)
        {
            return false;
        }

        while (Interlocked.CompareExchange(ref _inbox, Envelope.Idle, null) is not null)
        {
            if (!suspended)
            {
                return false;
            }

            // A suspended actor can do nothing about its messages, but must not stay scheduled: keep them for later.
            Hold(cell, Interlocked.Exchange(ref _inbox, null)!);
        }

        // From here on another thread may have the actor. A system message may have slipped in before the park.
        return Volatile.Read(ref _systemInbox) is null || !TryClaim();
    }

    private void Hold(ActorCell cell, Envelope newest)
    {
        var oldest = Envelope.Reverse(newest);
        if (_batch is null)
        {
            _batch = oldest;
        }
        else
        {
            var last = cell.LastHeld ?? _batch;
            while (last.Next is not null)
            {
                last = last.Next;
            }

            last.Next = oldest;
        }

        // Remembered, or ten thousand messages to a suspended actor would walk the queue ten thousand times.
        cell.LastHeld = newest;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool TryClaim() => ReferenceEquals(Interlocked.CompareExchange(ref _inbox, null, Envelope.Idle), Envelope.Idle);

    private void Bury(Envelope? envelope)
    {
        while (envelope is not null)
        {
            var next = envelope.Next;
            var message = envelope.Message!;
            var sender = envelope.Sender;
            Envelope.Return(envelope);
            System.DeadLetterMailbox.Lost(message, sender, this);
            envelope = next;
        }
    }
}
