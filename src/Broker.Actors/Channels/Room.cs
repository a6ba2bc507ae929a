using Broker.Actors.Settings;

namespace Broker.Actors.Channels;

/// <summary>How much of what others have published waits for one channel's history. They cannot be refused: what finds no room is dropped.</summary>
internal sealed class Room(WaitingLimits limits)
{
    /// <summary>An empty publication takes room too.</summary>
    private const int Overhead = 64;

    private int _count;
    private long _bytes;

    public bool IsEmpty => _count == 0 && _bytes == 0;

    /// <summary>Something found no room, and there is little since.</summary>
    public bool IsFull { get; private set; }

    public bool TryTake(byte[] payload)
    {
        // A publication larger than the limit would else never come through.
        if (_count > 0 && (_count >= limits.Count || _bytes + payload.Length + Overhead > limits.Bytes))
        {
            IsFull = true;
            return false;
        }

        _count++;
        _bytes += payload.Length + Overhead;
        return true;
    }

    public void Free(byte[] payload)
    {
        _count--;
        _bytes -= payload.Length + Overhead;
        if (_count <= limits.Count / 2 && _bytes <= limits.Bytes / 2) IsFull = false;
    }
}
