namespace Broker.Actors.Connections;

/// <summary>
/// Keeps the replays of a connection's subscriptions in their order: what comes for a later one waits until all before it have joined.
/// </summary>
internal sealed class JoinOrder(int subscriptions)
{
    private readonly List<ReadOnlyMemory<byte>>?[] _held = new List<ReadOnlyMemory<byte>>?[subscriptions];
    private readonly bool[] _joined = new bool[subscriptions];
    private int _next;

    /// <summary>Every subscription has joined.</summary>
    public bool IsOver => _next == _joined.Length;

    /// <summary>True for the subscription whose turn it is, and for those before it.</summary>
    public bool MayPass(int subscription) => subscription <= _next;

    public void Hold(int subscription, ReadOnlySpan<ReadOnlyMemory<byte>> frames) => (_held[subscription] ??= []).AddRange(frames);

    /// <summary>Nobody joins any more: all that waits may go, in order.</summary>
    public void ReleaseAll(List<ReadOnlyMemory<byte>> released)
    {
        foreach (var held in _held) if (held is not null) released.AddRange(held);
    }

    /// <summary>Adds to <paramref name="released"/> what need not wait any longer.</summary>
    public void Joined(int subscription, List<ReadOnlyMemory<byte>> released)
    {
        _joined[subscription] = true;
        while (_next < _joined.Length && _joined[_next])
        {
            _next++;
            if (_next == _joined.Length || _held[_next] is not { } held) continue;

            released.AddRange(held);
            _held[_next] = null;
        }
    }
}
