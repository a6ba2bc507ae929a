using Broker.Bench.Load;
using Broker.Faults.Deployments;

namespace Broker.Faults.Traffic;

/// <summary>One websocket on one channel, from its handshake to its end: notes what it is sent, in order.</summary>
internal sealed class Listener(Listeners crowd, Node node, int channel, WebSocketAddress address) : WebSocketEndpoint(crowd.Loop, address, Greeting.None)
{
    private readonly List<int> _got = [];

    public Node Node => node;

    public int Channel => channel;

    /// <summary>The publications' numbers. Read them when the crowd rests.</summary>
    public IReadOnlyList<int> Got => _got;

    /// <summary>When the websocket stood; 0 if it never did.</summary>
    public long OpenedAt { get; private set; }

    /// <summary>0 while it stands.</summary>
    public long EndedAt { get; private set; }

    public string? Why { get; private set; }

    protected override void OnOpen()
    {
        OpenedAt = Clock.Now;
        ForgetRoom();
        crowd.Opened(this);
    }

    protected override void OnMessage(ReadOnlySpan<byte> payload)
    {
        var id = Payload.Read(payload);
        _got.Add(id);
        crowd.Delivered(this, id);
    }

    protected override void OnEnd(string? why)
    {
        (EndedAt, Why) = (Clock.Now, why ?? "closed");
        crowd.Ended(this);
    }
}
