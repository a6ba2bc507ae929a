namespace Broker.Host.Clients;

/// <summary>Counts the websockets of this node, from their request on: <c>limits.connections</c>.</summary>
internal sealed class SocketPlaces(ClientSettings settings)
{
    private int _taken;

    /// <summary>False when all places are taken.</summary>
    public bool TryTake()
    {
        if (Interlocked.Increment(ref _taken) <= settings.Connections) return true;

        Leave();
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _taken);
}
