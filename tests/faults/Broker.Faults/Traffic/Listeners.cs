using Broker.Bench.Load;
using Broker.Faults.Deployments;

namespace Broker.Faults.Traffic;

/// <summary>Clients of ws4redis mode: each websocket is noted by itself.</summary>
internal sealed class Listeners(Deployment deployment, IReadOnlyList<string> facilities) : Crowd<Listener>(deployment)
{
    private readonly Dictionary<int, long>[] _firstDeliveries = [.. facilities.Select(_ => new Dictionary<int, long>())];

    /// <summary>Opens websockets, evenly on all channels and on each channel evenly on all nodes that take clients, and waits until they stand.</summary>
    public Task AddAsync(int count)
    {
        var nodes = Deployment.Open;
        return AddAsync([.. Enumerable.Range(0, count).Select(i => (nodes[i / facilities.Count % nodes.Count], Opening(i % facilities.Count)))]);
    }

    /// <summary>When anybody first got each publication of a channel.</summary>
    public Task<Dictionary<int, long>> FirstDeliveriesAsync(int channel) => LookAsync(_ => new Dictionary<int, long>(_firstDeliveries[channel]));

    public void Opened(Listener listener)
    {
        Add(listener);
        HasOpened();
    }

    public void Delivered(Listener listener, int id) => _firstDeliveries[listener.Channel].TryAdd(id, Loop.Now);

    public void Ended(Listener listener)
    {
        if (listener.OpenedAt > 0) HasClosed();
        if (!IsFinal(listener.CloseCode)) ComeBack(Opening(listener.Channel));
    }

    private Action<Node> Opening(int channel) => node =>
        _ = new Listener(this, node, channel, WebSocketAddress.Parse($"ws://127.0.0.1:{node.Process.Port}/ws/{facilities[channel]}?subscribe-broadcast&echo"));
}
