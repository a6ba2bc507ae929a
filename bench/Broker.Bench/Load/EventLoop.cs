namespace Broker.Bench.Load;

/// <summary>Owns the generator's sockets: one thread, one epoll, and one buffer that all of them read into.</summary>
internal sealed class EventLoop : IDisposable
{
    private readonly Epoll _epoll = new();
    private readonly List<Endpoint?> _endpoints = [];
    private readonly Stack<int> _free = new();

    /// <summary>A read of a socket lands here, behind what the socket had left over.</summary>
    public byte[] Buffer { get; } = GC.AllocateUninitializedArray<byte>(256 * 1024, pinned: true);

    /// <summary>When the data that is being read came.</summary>
    public long Now { get; private set; }

    public long Reads { get; private set; }

    public void Add(Endpoint endpoint)
    {
        if (!_free.TryPop(out var key))
        {
            key = _endpoints.Count;
            _endpoints.Add(null);
        }

        _endpoints[key] = endpoint;
        endpoint.Key = key;
        _epoll.Add(endpoint.Socket, key);
    }

    public void Remove(Endpoint endpoint)
    {
        if (endpoint.Key < 0) return;

        _endpoints[endpoint.Key] = null;
        _free.Push(endpoint.Key);
        endpoint.Key = -1;
        endpoint.Socket.Dispose();
    }

    /// <summary>Waits until there is something to read, that long at most, and reads it.</summary>
    public void Turn(long nanoseconds)
    {
        var count = _epoll.Wait(Math.Max(0, nanoseconds));
        for (var index = 0; index < count; index++)
        {
            // One handled before may have closed this one, or put another in its place: that has nothing to read, and finds so.
            if (_endpoints[_epoll.Key(index)] is not { } endpoint) continue;

            Now = Clock.Now;
            Reads++;
            endpoint.Read();
        }
    }

    public void TurnFor(TimeSpan time)
    {
        var end = Clock.Now + Clock.Of(time);
        for (var left = Clock.Of(time); left > 0; left = end - Clock.Now) Turn(left);
    }

    public void Dispose()
    {
        foreach (var endpoint in _endpoints) endpoint?.Socket.Dispose();
        _epoll.Dispose();
    }
}
