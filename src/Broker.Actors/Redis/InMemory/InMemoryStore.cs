namespace Broker.Actors.Redis.InMemory;

/// <summary>
/// What a Redis server would hold: keys, and who subscribes to which channel. Several <see cref="InMemoryBus"/>es can share one, as nodes share a Redis.
/// Every operation runs under the store's lock, as Redis runs one command at a time.
/// </summary>
internal sealed class InMemoryStore
{
    private readonly Dictionary<string, List<Listener>> _listeners = new(StringComparer.Ordinal);

    public InMemoryStore(TimeProvider? time = null)
    {
        Time = time ?? TimeProvider.System;
        Keys = new Keyspace(Time);
    }

    public Lock Gate { get; } = new();

    public TimeProvider Time { get; }

    public Keyspace Keys { get; }

    public void Listen(string channel, InMemoryBus bus, Subscription subscription, bool isMark)
    {
        if (!_listeners.TryGetValue(channel, out var listeners)) _listeners[channel] = listeners = [];
        listeners.Add(new Listener(bus, subscription, isMark));
    }

    public void StopListening(string channel, Subscription subscription)
    {
        if (!_listeners.TryGetValue(channel, out var listeners)) return;

        listeners.RemoveAll(listener => listener.Subscription == subscription);
        if (listeners.Count == 0) _listeners.Remove(channel);
    }

    /// <summary>PUBLISH: how many heard it.</summary>
    public int Publish(string channel, byte[] payload)
    {
        if (!_listeners.TryGetValue(channel, out var listeners)) return 0;

        foreach (var listener in listeners) listener.Bus.Hear(listener.Subscription, new Arrival(payload, listener.IsMark));
        return listeners.Count;
    }

    private readonly record struct Listener(InMemoryBus Bus, Subscription Subscription, bool IsMark);
}
