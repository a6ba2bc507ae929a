using Broker.Actors.Connections;
using Broker.Actors.Rich.Protocol;

namespace Broker.Actors.Rich;

/// <summary>
/// Keeps what comes on channels that the server has subscribed for a client until the client is told that it is connected. Their relays offer from their own threads, so there is a lock; it
/// is not held over a write.
/// </summary>
internal sealed class ConnectHold(RichOutput output)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, SubscribeResult> _results = [];
    private List<FrameSlice>? _held = [];

    /// <summary>What the channels answered that have joined.</summary>
    public IReadOnlyDictionary<string, SubscribeResult> Results
    {
        get { lock (_gate) return new Dictionary<string, SubscribeResult>(_results); }
    }

    public void Add(string channel, SubscribeResult result)
    {
        lock (_gate) _results[channel] = result;
    }

    public void Offer(FrameSlice frames, List<Outbox>? unwritten)
    {
        lock (_gate)
        {
            if (_held is { } held)
            {
                held.Add(frames);
                return;
            }
        }

        output.Offer(frames, unwritten);
    }

    /// <summary>The client has been told.</summary>
    public void Release()
    {
        while (TakeHeld() is { } held) foreach (var frames in held) output.Offer(frames, null);
    }

    /// <summary>Null when nothing is held any more, and nothing will be.</summary>
    private List<FrameSlice>? TakeHeld()
    {
        lock (_gate)
        {
            var held = _held;
            _held = held is { Count: > 0 } ? [] : null;
            return _held is null ? null : held;
        }
    }
}
