using System.Globalization;
using System.Net.Sockets;

namespace Broker.Bench.Load;

/// <summary>A subscriber of the first channel that stops reading once it is subscribed: an event loop of its own that nobody turns.</summary>
internal sealed class StoppedReader : IDisposable
{
    private const int ReceiveBuffer = 4096;

    private readonly EventLoop _loop = new();
    private readonly Crowd _alone;
    private readonly Subscriber _reader;

    public StoppedReader(WebSocketAddress address, Greeting greeting)
    {
        _alone = new Crowd(_loop);
        _reader = new Subscriber(_alone, address, greeting, channel: 0, sources: 1, source: null, ReceiveBuffer);
        var end = Clock.Now + (10 * Clock.Second);
        while (!_reader.IsOpen && _alone.Failed.Count == 0 && Clock.Now < end) _loop.Turn(10 * Clock.Millisecond);
        if (!_reader.IsOpen) throw new BenchException("the reader that shall stop is not let in: " + _alone.Failed.Why);
    }

    /// <summary>Reads what is left, and tells what the server did to it.</summary>
    /// <param name="published">How many publications there were since it came.</param>
    public string Look(long published)
    {
        var end = Clock.Now + (5 * Clock.Second);
        while (_alone.Failed.Count == 0 && Clock.Now < end) _loop.Turn(50 * Clock.Millisecond);

        var tally = _alone.Tally;
        var isLast = tally.Total + tally.Skipped == published && tally.OutOfOrder + tally.Repeated == 0;
        return (_reader.CloseCode, _alone.Failed.Why) switch
        {
            ({ } code, _) => $"closed with {code}",
            (_, { } why) when why == nameof(SocketError.ConnectionReset) => "cut off",
            (_, { } why) => why,
            _ => string.Create(CultureInfo.InvariantCulture, $"still open, reads {tally.Total:N0} of {published:N0} publications, the newest {(isLast ? "last" : "not among them")}"),
        };
    }

    public void Dispose() => _loop.Dispose();
}
