using System.Text;

namespace Broker.Bench.Load;

/// <summary>Publishes to one channel through a websocket, whatever channel it is told.</summary>
internal sealed class SocketPublisher : WebSocketEndpoint, IPublisher
{
    private const int Full = 1 << 16;

    private readonly byte[] _before;
    private readonly byte[] _after;

    /// <param name="loop">Whose it is.</param>
    /// <param name="address">Where the channel's publishers go.</param>
    /// <param name="greeting">What it says first.</param>
    /// <param name="envelope">The text of a frame, with <c>{payload}</c> where that stands.</param>
    public SocketPublisher(EventLoop loop, WebSocketAddress address, Greeting greeting, string envelope)
        : base(loop, address, greeting)
    {
        var parts = envelope.Split("{payload}");
        (_before, _after) = (Encoding.UTF8.GetBytes(parts[0]), Encoding.UTF8.GetBytes(parts[1]));
    }

    public bool IsFull => Waiting > Full;

    public void Publish(int channel, ReadOnlySpan<byte> payload) => Frame(1, _before, payload, _after);

    protected override void OnOpen()
    {
    }

    protected override void OnMessage(ReadOnlySpan<byte> payload)
    {
    }

    protected override void OnEnd(string? why) => throw new BenchException("publishing through a websocket: " + why);
}
