using Broker.Actors.Redis;

namespace Broker.Actors.Channels;

/// <summary>
/// Counts the publications of one channel without history as they arrive from Redis, and finds out which of them are ours.
/// </summary>
/// <remarks>
/// An own copy is known by an equal payload among the publishes in flight. A wrong match is between equal payloads: it drops nothing and doubles nothing and only
/// decides whose echo it is.
/// </remarks>
internal sealed class LiveLog(ChannelName channel, string epoch, TimeProvider time)
{
    /// <summary>How many payloads are remembered to tell after an outage whether the last value was delivered.</summary>
    public const int Remembered = 64;

    /// <summary>After Redis has answered, a copy that has not come within this time never comes.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly LinkedList<InFlight> _inFlight = new();
    private readonly Queue<Fingerprint> _delivered = new();
    private byte[]? _lastValue;
    private bool _lastValueKnown;

    /// <summary>The newest publication that arrived; the epoch is this owner's own.</summary>
    public StreamPosition Position { get; private set; } = new(epoch, 0);

    public bool IsIdle => _inFlight.Count == 0;

    /// <summary>A publish is about to be sent.</summary>
    public void Sending(OutgoingPublication publication) => _inFlight.AddLast(new InFlight(publication));

    /// <summary>Redis has answered, or the publish failed: its copy comes soon or never.</summary>
    public void Answered(OutgoingPublication publication)
    {
        for (var node = _inFlight.First; node is not null; node = node.Next)
        {
            if (!ReferenceEquals(node.Value.Publication, publication)) continue;

            node.Value.ForgetAt = time.GetUtcNow() + Patience;
            return;
        }
    }

    public Publication Arrived(byte[] payload)
    {
        Position = Position with { Offset = Position.Offset + 1 };
        _delivered.Enqueue(Fingerprint.Of(payload));
        if (_delivered.Count > Remembered) _delivered.Dequeue();

        for (var node = _inFlight.First; node is not null; node = node.Next)
        {
            var own = node.Value.Publication;
            if (!own.Payload.AsSpan().SequenceEqual(payload)) continue;

            // Set with it. Not known before: a copy that an outage swallows is among what must be delivered afterwards.
            if (own.Expire > 0) Know(own.Payload);
            _inFlight.Remove(node);
            return new Publication(channel, Position, payload, own.PublishId, own.Origin, own.Shared);
        }

        return new Publication(channel, Position, payload);
    }

    /// <summary>Forgets publishes whose copies never came. False when none is left to wait for.</summary>
    public bool ForgetLate()
    {
        var now = time.GetUtcNow();
        for (var node = _inFlight.First; node is not null;)
        {
            var next = node.Next;
            if (node.Value.ForgetAt <= now) _inFlight.Remove(node);
            node = next;
        }

        return _inFlight.Count > 0;
    }

    /// <summary>True while a payload equal to this one was sent and has not arrived.</summary>
    public bool Holds(ReadOnlySpan<byte> payload)
    {
        foreach (var own in _inFlight) if (payload.SequenceEqual(own.Publication.Payload)) return true;
        return false;
    }

    /// <summary>The last value has been read here, or set: only another one is news after an outage.</summary>
    public bool KnowsLastValue => _lastValueKnown;

    /// <summary>The last value as it was read just now.</summary>
    public void Know(byte[]? lastValue)
    {
        _lastValue = lastValue;
        _lastValueKnown = true;
    }

    /// <summary>After an outage: true if the last value was set meanwhile and nobody here has got it.</summary>
    public bool Missed(byte[]? lastValue)
    {
        if (lastValue is null or { Length: 0 }) return false;
        if (_lastValueKnown && _lastValue is not null && lastValue.AsSpan().SequenceEqual(_lastValue)) return false;

        return !_delivered.Contains(Fingerprint.Of(lastValue));
    }

    /// <summary>Enough to tell payloads apart, in this process: the payloads themselves, 64 for each channel, would be memory for nothing.</summary>
    private readonly record struct Fingerprint(int Length, int Hash, int Other)
    {
        public static Fingerprint Of(ReadOnlySpan<byte> payload)
        {
            var (hash, other) = (new HashCode(), new HashCode());
            other.Add(payload.Length);
            hash.AddBytes(payload);
            other.AddBytes(payload);
            return new Fingerprint(payload.Length, hash.ToHashCode(), other.ToHashCode());
        }
    }

    private sealed class InFlight(OutgoingPublication publication)
    {
        public OutgoingPublication Publication { get; } = publication;

        public DateTimeOffset ForgetAt { get; set; } = DateTimeOffset.MaxValue;
    }
}
