using System.Collections.Concurrent;
using Broker.Actors.Connections;

namespace Broker.Host.Gateway;

/// <summary>The open clients of the gateway: they are pinged now and then, and sent away when the node stops.</summary>
internal sealed class GatewayClients(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan BeatEvery = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<IClientTransport, bool> _open = new();
    private readonly Lock _gate = new();
    private ITimer? _beat;
    private bool _closing;

    /// <summary>False when the node is stopping.</summary>
    public bool TryEnter(IClientTransport transport)
    {
        lock (_gate)
        {
            if (_closing) return false;

            _open[transport] = true;
            _beat ??= time.CreateTimer(_ => Beat(), null, BeatEvery, BeatEvery);
            return true;
        }
    }

    public void Leave(IClientTransport transport) => _open.TryRemove(transport, out _);

    /// <summary>There are few, so they go at once.</summary>
    public void CloseAll()
    {
        lock (_gate) _closing = true;
        foreach (var (transport, _) in _open) transport.Close(CloseReason.GoingAway);
    }

    public void Dispose() => _beat?.Dispose();

    private void Beat()
    {
        foreach (var (transport, _) in _open) transport.Beat();
    }
}
