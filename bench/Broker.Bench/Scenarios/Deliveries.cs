using Broker.Bench.Load;
using Broker.Bench.Results;
using Broker.Bench.Servers;

namespace Broker.Bench.Scenarios;

/// <summary>What is published to whom and how fast, and one measurement of it.</summary>
/// <param name="Subscribers">In all; the n-th is for channel n modulo <paramref name="Channels"/>.</param>
/// <param name="Channels">How many there are.</param>
/// <param name="Pace">How fast.</param>
internal sealed record Deliveries(int Subscribers, int Channels, Pace Pace)
{
    /// <summary>So long after the last subscriber has come that all of them are subscribed, whatever the server does behind its handshake.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(500);

    /// <summary>Of the measurement, where the command line does not say it.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(8);

    public int Payload { get; init; } = 128;

    /// <summary>How many publish to each channel through websockets. None: PUBLISH on one connection to Redis.</summary>
    public int SocketsPerChannel { get; init; }

    /// <param name="setup">With which server.</param>
    /// <param name="duration">However long the command line says.</param>
    public Delivered Measure(Setup setup, TimeSpan? duration = null)
    {
        using var loop = new EventLoop();
        var crowd = new Crowd(loop);
        var sources = Math.Max(1, SocketsPerChannel);
        crowd.OpenAll(Subscribers, Channels, setup.Subscribers, setup.Greeting, sources, () => setup.Live.Show(crowd.Open, "subscribers"));
        var publishers = Publishers(setup, loop);
        loop.TurnFor(Settle);

        var traffic = new Traffic(crowd, publishers, Channels, sources, Pace, setup.Options.Payload ?? Payload, () => setup.Live.Show(crowd.Tally.Total, "deliveries"));
        traffic.Run(setup.Options.Warm);
        if (Pace.IsFixed) traffic.Drain();

        crowd.Tally.Restart();
        var reads = loop.Reads;
        var before = Cpu.Of(setup);
        var clock = Clock.Now;
        traffic.Run(duration ?? setup.Options.Duration ?? Duration);
        var seconds = (double)(Clock.Now - clock) / Clock.Second;
        var inTime = crowd.Tally.Delivered;
        traffic.Drain();
        var used = Cpu.Of(setup) - before;

        return new Delivered(crowd.Tally, inTime / seconds, traffic.Published / seconds, traffic.Published, used, loop.Reads - reads, Wrong(crowd, traffic)) { PublishedInAll = traffic.Total };
    }

    private IPublisher[] Publishers(Setup setup, EventLoop loop)
    {
        if (SocketsPerChannel == 0) return [new RedisPublisher(loop, setup.RedisAddress, Enumerable.Range(0, Channels).Select(setup.RedisChannel))];

        var sockets = new SocketPublisher[Channels * SocketsPerChannel];
        for (var number = 0; number < sockets.Length; number++)
        {
            sockets[number] = new SocketPublisher(loop, setup.Publishers(number / SocketsPerChannel), setup.Greeting(number / SocketsPerChannel), setup.Peer.Envelope);
        }

        var end = Clock.Now + (10 * Clock.Second);
        while (sockets.Any(socket => !socket.IsOpen))
        {
            loop.Turn(10 * Clock.Millisecond);
            if (Clock.Now > end) throw new BenchException("the websockets that publish are not let in");
        }

        return sockets;
    }

    private static string Wrong(Crowd crowd, Traffic traffic)
    {
        (string What, long Count)[] all =
        [
            ("lost", traffic.Lost), ("repeated", crowd.Tally.Repeated), ("skipped", crowd.Tally.Skipped), ("out of order", crowd.Tally.OutOfOrder),
            ("misrouted", crowd.Tally.Misrouted), ("stalls", traffic.Stalls), ("closed", crowd.Failed.Count),
        ];
        return string.Join(", ", all.Where(one => one.Count != 0).Select(one => $"{one.What} {one.Count:N0}")) + (crowd.Failed.Why is { } why ? $" ({why})" : "");
    }
}

/// <summary>What came of it.</summary>
/// <param name="Tally">Counts and latencies.</param>
/// <param name="PerSecond">Deliveries, without what came late.</param>
/// <param name="PublishedPerSecond">Publications.</param>
/// <param name="Published">Publications, in all.</param>
/// <param name="Cpu">What it took.</param>
/// <param name="Reads">How often the generator read a socket.</param>
/// <param name="Wrong">What was not as it should be; empty is well.</param>
internal sealed record Delivered(Tally Tally, double PerSecond, double PublishedPerSecond, long Published, Cpu Cpu, long Reads, string Wrong)
{
    /// <summary>With what went before, to warm up.</summary>
    public long PublishedInAll { get; init; }

    public Figure Rate => new("deliveries/s", PerSecond);

    public Figure PublicationRate => new("publications/s", PublishedPerSecond);

    public Figure ServerEach => new("server µs/delivery", Each(Cpu.Server, Tally.Delivered), "N2");

    public Figure ServerPublication => new("server µs/publication", Each(Cpu.Server, Published), "N1");

    public Figure RedisPublication => new("redis µs/publication", Each(Cpu.Redis, Published), "N1");

    public Figure GeneratorEach => new("generator µs/delivery", Each(Cpu.Generator, Tally.Delivered), "N2");

    public Figure PerRead => new("per read", (double)Tally.Delivered / Math.Max(1, Reads), "N1");

    public Figure P50 => new("p50 ms", Tally.Latencies.Milliseconds(0.5), "N2");

    public Figure P99 => new("p99 ms", Tally.Latencies.Milliseconds(0.99), "N2");

    public Measurement As(params IReadOnlyList<Figure> figures) => new(figures, Wrong);

    private static double Each(double seconds, long count) => seconds * 1e6 / Math.Max(1, count);
}

/// <summary>Seconds of CPU. NaN where the process is not known.</summary>
internal readonly record struct Cpu(double Server, double Redis, double Generator)
{
    public static Cpu operator -(Cpu later, Cpu earlier) => new(later.Server - earlier.Server, later.Redis - earlier.Redis, later.Generator - earlier.Generator);

    public static Cpu Of(Setup setup) => new(Of(setup.ServerPid), Of(setup.RedisPid), ProcessUse.Cpu(Environment.ProcessId));

    private static double Of(int? pid) => pid is { } known ? ProcessUse.Cpu(known) : double.NaN;
}
