namespace Broker.Engine;

/// <summary>A message on its way, linked to the one that came before it; pooled, so that a Tell allocates nothing.</summary>
internal sealed class Envelope
{
    /// <summary>An actor that has nothing to do.</summary>
    public static readonly Envelope Idle = new();

    /// <summary>An actor that has stopped.</summary>
    public static readonly Envelope Closed = new();

    public Envelope? Next;

    public object? Message { get; private set; }

    public IActorRef? Sender { get; private set; }

    public static Envelope Rent(object message, IActorRef? sender)
    {
        var envelope = EnvelopePool.Take() ?? new Envelope();
        envelope.Message = message;
        envelope.Sender = sender;
        return envelope;
    }

    public static void Return(Envelope envelope)
    {
        envelope.Message = null;
        envelope.Sender = null;
        EnvelopePool.Put(envelope);
    }

    /// <summary>A stack, newest first, as a queue, oldest first.</summary>
    public static Envelope? Reverse(Envelope? newest)
    {
        Envelope? queue = null;
        while (newest is not null)
        {
            var older = newest.Next;
            newest.Next = queue;
            queue = newest;
            newest = older;
        }

        return queue;
    }
}

/// <summary>
/// Spare envelopes. Each thread has a few of its own; since one thread tells and another handles, they travel back in chains
/// of <see cref="ChainLength"/> through a common depot.
/// </summary>
internal static class EnvelopePool
{
    private const int ChainLength = 64;

    /// <summary>64 Ki envelopes of 40 bytes, 2.5 MB, are kept; what a burst made beyond that is the collector's.</summary>
    private static readonly Envelope?[] Depot = new Envelope?[1024];

    private static readonly Lock Gate = new();
    private static int _depotCount;

    [ThreadStatic]
    private static Magazine? _magazine;

    public static Envelope? Take()
    {
        var own = _magazine ??= new Magazine();
        if (own.Count == 0)
        {
            own.First = own.FullChain ?? TakeChain();
            own.FullChain = null;
            if (own.First is null)
            {
                return null;
            }

            own.Count = ChainLength;
        }

        var envelope = own.First!;
        own.First = envelope.Next;
        own.Count--;
        return envelope;
    }

    public static void Put(Envelope envelope)
    {
        var own = _magazine ??= new Magazine();
        if (own.Count == ChainLength)
        {
            if (own.FullChain is not null)
            {
                PutChain(own.FullChain);
            }

            own.FullChain = own.First;
            own.First = null;
            own.Count = 0;
        }

        envelope.Next = own.First;
        own.First = envelope;
        own.Count++;
    }

    private static Envelope? TakeChain()
    {
        lock (Gate)
        {
            return _depotCount == 0 ? null : Depot[--_depotCount];
        }
    }

    private static void PutChain(Envelope chain)
    {
        lock (Gate)
        {
            if (_depotCount < Depot.Length)
            {
                Depot[_depotCount++] = chain;
            }
        }
    }

    private sealed class Magazine
    {
        public Envelope? First;
        public int Count;
        public Envelope? FullChain;
    }
}
