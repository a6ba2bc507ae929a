namespace Broker.Actors.Connections;

/// <summary>
/// Keeps the replays of a connection's subscriptions in their order: what comes for a later one waits until all before it have joined.
/// </summary>
internal sealed class JoinOrder<T>(int subscriptions)
{
    private readonly List<T>?[] _held = new List<T>?[subscriptions];
    private readonly bool[] _joined = new bool[subscriptions];
    private int _next;

    /// <summary>Every subscription has joined.</summary>
    public bool IsOver => _next == _joined.Length;

    /// <summary>What waits, for each subscription by itself.</summary>
    public ReadOnlySpan<List<T>?> Held => _held;

    /// <summary>True for the subscription whose turn it is, and for those before it.</summary>
    public bool MayPass(int subscription) => subscription <= _next;

    public void Hold(int subscription, T frames) => (_held[subscription] ??= []).Add(frames);

    /// <summary>Nobody joins any more: all that waits may go, in order.</summary>
    public void ReleaseAll(List<T> released)
    {
        foreach (var held in _held) if (held is not null) released.AddRange(held);
    }

    /// <summary>Adds to <paramref name="released"/> what need not wait any longer.</summary>
    public void Joined(int subscription, List<T> released)
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
