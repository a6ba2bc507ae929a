namespace Broker.Actors.Connections;

/// <summary>
/// Bounds what a client has sent and the broker has not yet dealt with: over it, reading from the client pauses. One reader; any thread may release.
/// </summary>
internal sealed class Inflow(int maxCount, int maxBytes)
{
    private readonly Lock _gate = new();
    private TaskCompletionSource? _room;
    private int _count;
    private int _bytes;
    private bool _ended;

    /// <summary>Counts a message in; completes when there is room for the next one.</summary>
    public ValueTask TakeAsync(int bytes)
    {
        lock (_gate)
        {
            _count++;
            _bytes += bytes;
            if (HasRoom) return ValueTask.CompletedTask;

            _room = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(_room.Task);
        }
    }

    public void Release(int bytes)
    {
        TaskCompletionSource? room;
        lock (_gate)
        {
            _count--;
            _bytes -= bytes;
            if (_room is null || !HasRoom) return;

            room = _room;
            _room = null;
        }

        room.SetResult();
    }

    /// <summary>Nobody deals with anything any more: whoever waits for room must not wait for ever.</summary>
    public void End()
    {
        TaskCompletionSource? room;
        lock (_gate)
        {
            _ended = true;
            room = _room;
            _room = null;
        }

        room?.SetResult();
    }

    private bool HasRoom => _ended || (_count < maxCount && _bytes < maxBytes);
}
