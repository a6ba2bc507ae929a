using System.Globalization;
using System.Net;
using Broker.Bench.Load;
using Broker.Bench.Servers;

namespace Broker.Bench.Scenarios;

/// <summary>What the command line says. What it does not say is the scenario's own.</summary>
internal sealed record BenchOptions
{
    public const string Usage = """
          --vs signalr,kestrel   measure these, too, in turn with Broker
          --runs N               servers started and measured, one after the other; the median counts (3)
          --duration SECONDS     of one measurement (8; slow: 25; idle: 5)
          --warm SECONDS         before it (3)
          --subscribers N  --channels N  --payload BYTES  --rate PER-SECOND  --window N
          --json FILE            every run with all figures, as a line of JSON each; the file grows
          --url ws://…           a server that runs already in place of Broker; {facility} is replaced by bench-0, bench-1, …
            --publish ws://…       where its websockets publish
            --redis HOST:PORT      where its Redis is (127.0.0.1:6379)
            --redis-channel NAME   what a facility's channel is called there (broadcast:{facility})
            --pid PID              its process, for CPU and memory
        """;

    public IReadOnlyList<Peer> Peers { get; private init; } = [];

    public int Runs { get; private init; } = 3;

    public TimeSpan? Duration { get; private init; }

    public TimeSpan Warm { get; private init; } = TimeSpan.FromSeconds(3);

    public int? Subscribers { get; private init; }

    public int? Channels { get; private init; }

    public int? Payload { get; private init; }

    public double? Rate { get; private init; }

    public int? Window { get; private init; }

    public string? Json { get; private init; }

    public string? Url { get; private init; }

    public string? Publish { get; private init; }

    public IPEndPoint Redis { get; private init; } = new(IPAddress.Loopback, 6379);

    public string RedisChannel { get; private init; } = "broadcast:{facility}";

    public int? Pid { get; private init; }

    /// <exception cref="ArgumentException">An option is not known, or its value is none.</exception>
    public static BenchOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new BenchOptions();
        for (var at = 0; at < arguments.Count; at += 2)
        {
            if (at + 1 == arguments.Count) throw new ArgumentException($"{arguments[at]} needs a value");

            try
            {
                options = options.With(arguments[at], arguments[at + 1]);
            }
            catch (Exception wrong) when (wrong is FormatException or OverflowException)
            {
                throw new ArgumentException($"{arguments[at]} does not take '{arguments[at + 1]}'", wrong);
            }
        }

        return options;
    }

    /// <summary>The server that runs already, if one is named.</summary>
    public Peer? Running() => Url is null ? null : new Peer("url", [], Url, Publish ?? Url, Greeting.None);

    private BenchOptions With(string name, string value) => name switch
    {
        "--vs" => this with { Peers = [.. value.Split(',').Select(Other)] },
        "--runs" => this with { Runs = Math.Max(1, Number(value)) },
        "--duration" => this with { Duration = Seconds(value) },
        "--warm" => this with { Warm = Seconds(value) },
        "--subscribers" => this with { Subscribers = Number(value) },
        "--channels" => this with { Channels = Number(value) },
        "--payload" => this with { Payload = Number(value) },
        "--rate" => this with { Rate = double.Parse(value, CultureInfo.InvariantCulture) },
        "--window" => this with { Window = Number(value) },
        "--json" => this with { Json = value },
        "--url" => this with { Url = value },
        "--publish" => this with { Publish = value },
        "--redis" => this with { Redis = IPEndPoint.Parse(value) },
        "--redis-channel" => this with { RedisChannel = value },
        "--pid" => this with { Pid = Number(value) },
        _ => throw new ArgumentException($"{name} is no option"),
    };

    private static Peer Other(string name) =>
        Peer.Others.FirstOrDefault(peer => peer.Name == name) ?? throw new ArgumentException($"--vs takes {string.Join(", ", Peer.Others.Select(peer => peer.Name))}, not '{name}'");

    private static int Number(string value) => int.Parse(value, CultureInfo.InvariantCulture);

    private static TimeSpan Seconds(string value) => TimeSpan.FromSeconds(double.Parse(value, CultureInfo.InvariantCulture));
}
