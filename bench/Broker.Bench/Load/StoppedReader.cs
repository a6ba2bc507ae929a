using System.Net.Sockets;

namespace Broker.Bench.Load;

/// <summary>A subscriber that stops reading once it is subscribed: an event loop of its own that nobody turns.</summary>
internal sealed class StoppedReader : IDisposable
{
    private const int ReceiveBuffer = 4096;

    private readonly EventLoop _loop = new();
    private readonly Client _client;

    public StoppedReader(WebSocketAddress address, Greeting greeting)
    {
        _client = new Client(_loop, address, greeting);
        var end = Clock.Now + (10 * Clock.Second);
        while (!_client.IsOpen && _client.Why is null && Clock.Now < end) _loop.Turn(10 * Clock.Millisecond);
        if (!_client.IsOpen) throw new BenchException("the reader that shall stop is not let in: " + _client.Why);
    }

    /// <summary>Reads what is left, and tells what the server did to it.</summary>
    public string Look()
    {
        var end = Clock.Now + (5 * Clock.Second);
        while (_client.Why is null && Clock.Now < end) _loop.Turn(50 * Clock.Millisecond);
        return (_client.CloseCode, _client.Why) switch
        {
            ({ } code, _) => $"closed with {code}",
            (_, { } why) when why == nameof(SocketError.ConnectionReset) => "cut off",
            (_, { } why) => why,
            _ => "still open",
        };
    }

    public void Dispose() => _loop.Dispose();

    private sealed class Client(EventLoop loop, WebSocketAddress address, Greeting greeting) : WebSocketEndpoint(loop, address, greeting, receiveBuffer: ReceiveBuffer)
    {
        public string? Why { get; private set; }

        protected override void OnOpen()
        {
        }

        protected override void OnMessage(ReadOnlySpan<byte> payload)
        {
        }

        protected override void OnEnd(string? why) => Why = why ?? "closed";
    }
}
