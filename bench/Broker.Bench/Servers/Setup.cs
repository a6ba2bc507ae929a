using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Broker.Bench.Load;
using Broker.Bench.Results;
using Broker.Bench.Scenarios;
using Broker.Host.Tests.Server;
using Broker.Testing.Redis;

namespace Broker.Bench.Servers;

/// <summary>One server and its Redis, started afresh for one run, and how to reach them.</summary>
internal sealed partial class Setup : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly RedisServer? _redis;
    private readonly ServerProcess? _server;
    private readonly string _base;
    private readonly string _heapFile;

    private Setup(Peer peer, BenchOptions options, Live live, RedisServer? redis, ServerProcess? server, string heapFile = "")
    {
        (Peer, Options, Live, _redis, _server, _heapFile) = (peer, options, live, redis, server, heapFile);
        _base = server is null ? "" : "ws" + server.Address[4..];
        RedisAddress = redis is null ? options.Redis : new IPEndPoint(IPAddress.Loopback, redis.Port);
        ServerPid = server?.Pid ?? options.Pid;
    }

    public Peer Peer { get; }

    public BenchOptions Options { get; }

    public Live Live { get; }

    public IPEndPoint RedisAddress { get; }

    /// <summary>Null where nobody said it.</summary>
    public int? ServerPid { get; }

    public int? RedisPid { get; private init; }

    /// <param name="peer">What to start.</param>
    /// <param name="options">Where it is, if it runs already.</param>
    /// <param name="live">Where progress is shown.</param>
    /// <param name="configuration">HOCON that the scenario needs, for Broker.</param>
    /// <param name="tellsHeap">Whether <see cref="CollectedHeap"/> is asked for.</param>
    public static async Task<Setup> StartAsync(Peer peer, BenchOptions options, Live live, string configuration, bool tellsHeap)
    {
        if (peer.Command.Count == 0) return new Setup(peer, options, live, null, null);

        var redis = await RedisServer.StartAsync();
        var pid = RedisProcessId().Match(await redis.CliAsync("INFO", "server")).Groups[1].Value;
        var file = Path.GetTempFileName();
        var heapFile = file + ".heap";
        await File.WriteAllTextAsync(file, $"broker.access = open\n{configuration}\n{peer.Configuration}\n");
        var server = ServerProcess.Launch(
            ["dotnet", Path.Combine(AppContext.BaseDirectory, peer.Command[0]), .. peer.Command.Skip(1), "--config", file, "--urls", "http://127.0.0.1:0"],
            IsReady(),
            [("BROKER_REDIS", redis.ConnectionString), ("Logging__LogLevel__Default", "Warning"), .. tellsHeap ? Hook(heapFile) : []]);
        await server.IsReadyAsync();
        File.Delete(file);
        return new Setup(peer, options, live, redis, server, heapFile) { RedisPid = int.Parse(pid, CultureInfo.InvariantCulture) };
    }

    public static string Facility(int channel) => string.Create(CultureInfo.InvariantCulture, $"bench-{channel}");

    /// <summary>The Redis channel of a facility.</summary>
    public string RedisChannel(int channel) => At(Options.RedisChannel, channel);

    public WebSocketAddress Subscribers(int channel) => WebSocketAddress.Parse(_base + At(Peer.Subscribe, channel));

    /// <summary>What clients of a channel say first.</summary>
    public Greeting Greeting(int channel) => Peer.Greeting.For(Facility(channel));

    public WebSocketAddress Publishers(int channel) => WebSocketAddress.Parse(_base + At(Peer.Publish, channel));

    /// <summary>What the server logged, if anything.</summary>
    public string Log => _server is null ? "" : (_server.Output.Replace(_server.ReadyLine, "", StringComparison.Ordinal) + _server.Errors).Trim();

    /// <summary>What the server's garbage collector has to leave.</summary>
    public CollectedHeap CollectedHeap()
    {
        if (_server is null) throw new BenchException("a server that runs already does not say what it keeps");

        _server.Signal("-USR1");
        if (!SpinWait.SpinUntil(() => { Thread.Sleep(50); return File.Exists(_heapFile); }, Patience)) throw new BenchException("the server does not say what it keeps");

        var heap = Servers.CollectedHeap.Parse(File.ReadAllText(_heapFile));
        File.Delete(_heapFile);
        return heap;
    }

    /// <summary>What was published last is no one's welcome any more.</summary>
    public void EmptyRedis() => _redis?.CliAsync("FLUSHALL").GetAwaiter().GetResult();

    public async ValueTask DisposeAsync()
    {
        if (_server is not null) await _server.DisposeAsync();
        if (_redis is not null) await _redis.DisposeAsync();
    }

    private static (string Name, string Value)[] Hook(string file) =>
        [("DOTNET_STARTUP_HOOKS", typeof(StartupHook).Assembly.Location), (StartupHook.FileVariable, file)];

    private static string At(string template, int channel) => template.Replace("{facility}", Facility(channel), StringComparison.Ordinal);

    [GeneratedRegex(@"is ready: \w+(://[^/ ]+)")]
    private static partial Regex IsReady();

    [GeneratedRegex(@"process_id:(\d+)")]
    private static partial Regex RedisProcessId();
}
