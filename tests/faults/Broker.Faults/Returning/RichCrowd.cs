using System.Collections.Concurrent;
using Broker.Bench.Load;
using Broker.Faults.Deployments;
using Broker.Faults.Traffic;

namespace Broker.Faults.Returning;

/// <summary>Rich clients, who come back with their positions. Open is who is subscribed.</summary>
internal sealed class RichCrowd(Deployment deployment) : Crowd<RichClient>(deployment)
{
    private readonly ConcurrentQueue<string> _ends = new();

    /// <summary>Why websockets and subscriptions ended and commands were refused, and how often.</summary>
    public string Ends => Figures.Counts(_ends);

    /// <summary>Opens clients of a channel on a node, and waits until they are subscribed.</summary>
    public async Task AddAsync(IEnumerable<(int Channel, string Name, Node Node)> places)
    {
        var clients = places.Select(place => (Client: new RichClient(place.Channel, place.Name), place.Node)).ToList();
        await LookAsync(_ =>
        {
            clients.ForEach(place => Add(place.Client));
            return true;
        });
        await AddAsync([.. clients.Select(place => (place.Node, Opening(place.Client)))]);
    }

    public void Subscribed(RichClient client)
    {
        client.SubscribedAt = Loop.Now;
        HasOpened();
    }

    /// <summary>A websocket ended.</summary>
    public void Ended(RichClient client, string why, int? code)
    {
        Lost(client, why);
        if (IsFinal(code)) client.Problems.Add(why);
        else ComeBack(Opening(client));
    }

    /// <summary>A subscription was refused, or has ended by itself. What is temporary is asked for again.</summary>
    public void Refused(RichClient client, string why, bool isTemporary, Action askAgain)
    {
        Lost(client, why);
        if (isTemporary) Later(askAgain);
        else client.Problems.Add(why);
    }

    private void Lost(RichClient client, string why)
    {
        _ends.Enqueue(why);
        if (client.SubscribedAt > 0) HasClosed();
        client.SubscribedAt = 0;
    }

    private Action<Node> Opening(RichClient client) => node =>
        _ = new RichSocket(this, client, WebSocketAddress.Parse($"ws://127.0.0.1:{node.Process.Port}/connection/websocket"));
}
