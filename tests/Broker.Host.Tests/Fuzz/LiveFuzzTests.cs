using System.Text.Json;
using Broker.Actors.Rich.Protocol;
using Broker.Bench.Servers;
using Broker.Host.Tests.MustHold;
using Broker.Host.Tests.Server;
using Broker.Host.Tests.WebSockets;
using Broker.Host.WebSockets;
using Broker.Testing.Redis;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Xunit.Abstractions;
using Text = System.Text.Encoding;
using Wire = Broker.Actors.Rich.Protocol.Wire;

namespace Broker.Host.Tests.Fuzz;

/// <summary>Hostile clients on live connections: each is closed with its code or answered, nothing of them stays, and those beside them notice nothing.</summary>
[Collection(Alone.Name)]
public sealed class LiveFuzzTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string Settings =
        """jwt.hs256 = "a secret of more than thirty-two bytes", presence = on, history { "kept" { size = 100, ttl = 1m } }, channel.passivate-after = 1s, relay { stop-after = 500ms, check-every = 500ms }""";

    /// <summary>As in reference.conf: <c>limits.frame</c>, <c>max-message</c>.</summary>
    private const int LongestFrame = 128 * 1024;

    private const int LongestMessage = 64 * 1024;

    private const int FramesPerConnection = 24;

    private readonly string _heapFile = Path.GetTempFileName();
    private RedisServer _redis = null!;
    private ServerProcess _server = null!;

    public async Task InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        File.Delete(_heapFile);
        _server = await Servers.StartAsync(
            _redis.ConnectionString, Settings, ("DOTNET_STARTUP_HOOKS", typeof(StartupHook).Assembly.Location), (StartupHook.FileVariable, _heapFile));
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task A_hundred_thousand_frames_of_hostile_clients_end_with_the_right_codes_and_leave_nothing_behind()
    {
        await using (var calm = await CalmClients.ConnectAsync(_server))
        {
            await Task.WhenAll(Lanes(seed: 0, frames: 500).Select(lane => lane.RunAsync(_server.Port)));
            var before = await RestAsync();

            var ends = await Task.WhenAll(Lanes(seed: 1, frames: 10_000).Select(lane => lane.RunAsync(_server.Port)));
            var after = await RestAsync();
            output.WriteLine($"{ends.Sum(end => end.Connections)} connections; the heap holds {before} bytes before, {after} after");

            Assert.InRange(ends.Sum(end => end.Frames), 100_000, int.MaxValue);
            foreach (var code in new[] { 1000, 1002, 1005, 1007, 1009, 3000, 3500, 3501 }) Assert.True(ends.Any(end => end.Codes.Contains(code)), $"nobody was closed with {code}");
            Assert.InRange(after - before, long.MinValue, 2 * 1024 * 1024);
            await calm.WereUndisturbedAsync();
        }

        await Eventually.IsTrueAsync(async () => await _server.MetricAsync("broker_connections") == 0);
        Assert.DoesNotContain("fail:", _server.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("crit:", _server.Output, StringComparison.Ordinal);
    }

    /// <summary>A dozen at once, each with its own seed.</summary>
    private static IEnumerable<Lane> Lanes(int seed, int frames) =>
    [
        .. Enumerable.Range(0, 4).Select(i => new Lane(Bytes((100 * seed) + i, RichEncoding.Json), Talk.Json, (100 * seed) + i, frames)),
        .. Enumerable.Range(4, 4).Select(i => new Lane(Frames((100 * seed) + i, HostileFrames.Rich(LongestFrame)), Talk.Json, (100 * seed) + i, frames)),
        new Lane(Bytes((100 * seed) + 8, null), Talk.Plain, (100 * seed) + 8, frames),
        new Lane(Frames((100 * seed) + 9, HostileFrames.Plain(LongestMessage)), Talk.Plain, (100 * seed) + 9, frames),
        .. Enumerable.Range(10, 2).Select(i => new Lane(Bytes((100 * seed) + i, RichEncoding.Protobuf), Talk.Protobuf, (100 * seed) + i, frames)),
    ];

    private static IEnumerable<Sent> Bytes(int seed, RichEncoding? encoding)
    {
        var hostile = new HostileBytes(seed, encoding);
        while (true) yield return hostile.Next();
    }

    private static IEnumerable<Sent> Frames(int seed, Gen<Sent> frame)
    {
        for (var batch = 0UL; ; batch++)
        {
            foreach (var sent in frame.Sample(30, new Rnd((ulong)seed, (2 * batch) + 1), 100)) yield return sent;
        }
    }

    /// <summary>The heap when the hostile have gone and all garbage has, too; without the web server's spare blocks.</summary>
    private async Task<long> RestAsync()
    {
        await Eventually.IsTrueAsync(async () => await _server.MetricAsync("broker_connections") == CalmClients.Count);
        foreach (var name in new[] { "broker_channels", "broker_relays" }) await Eventually.IsTrueAsync(async () => await _server.MetricAsync(name) == 1);

        _server.Signal("-USR1");
        await Eventually.IsTrueAsync(() => File.Exists(_heapFile));
        var heap = CollectedHeap.Parse(await File.ReadAllTextAsync(_heapFile)).Bytes;
        File.Delete(_heapFile);
        return heap;
    }

    /// <summary>One hostile client after the other.</summary>
    private sealed class Lane(IEnumerable<Sent> all, Talk talk, int seed, int wanted)
    {
        private readonly Random _random = new(seed);
        private readonly HashSet<int> _codes = [];
        private int _frames;

        public Task<(int Connections, int Frames, IReadOnlySet<int> Codes)> RunAsync(int port) => Task.Run(async () =>
        {
            var number = 0;
            using var next = all.GetEnumerator();
            while (_frames < wanted)
            {
                try
                {
                    await RunAsync(port, next, $"question {seed} {++number}").WaitAsync(Deadline.Fact);
                }
                catch (Exception failure)
                {
                    throw new InvalidOperationException($"connection {number} of seed {seed} to {talk.Target}: {failure.Message}", failure);
                }
            }

            return (number, _frames, (IReadOnlySet<int>)_codes);
        });

        private async Task RunAsync(int port, IEnumerator<Sent> next, string question)
        {
            var judge = new Judge(talk.Longest, talk.Encoding);
            var (asks, answer) = talk.Ask(question);
            var bytes = new List<byte>();
            var last = Mistake.None;
            if (talk.Connect is { } connect && _random.Next(30) > 0) Add(ClientFrames.Frame(talk.Opcode, connect));
            for (var count = 0; count < FramesPerConnection && judge.Code is null && next.MoveNext(); count++)
            {
                var sent = next.Current;
                Add(sent.Bytes);
                _frames += sent.Frames;

                // What comes after bytes that may be anything may be part of it.
                if (last != Mistake.Anything) last = sent.Mistake;
            }

            if (judge.Code is null) Add(ClientFrames.Frame(talk.Opcode, asks));

            using var client = await FuzzedConnection.OpenAsync(port, talk.Target);
            await client.SendAsync([.. bytes]);
            var leaving = (Leaving)_random.Next(3);
            if (judge.Code is not null)
            {
                var code = await client.ReadAsync(null, talk.Check);
                Assert.True(code == judge.Code || code == judge.OrCode, $"closed with {code} instead of {judge.Code} {judge.OrCode}");
                Assert.True(last.MayEndWith(code!.Value), $"{last} was closed with {code}");
                _codes.Add(code.Value);

                // Of who has broken its frames the server cannot always tell that it closes.
                if (last is not (Mistake.None or Mistake.NoCommand or Mistake.TooMany) && leaving == Leaving.Closes) leaving = Leaving.Ends;
            }
            else if (judge.Last.Span.SequenceEqual(asks))
            {
                Assert.Null(await client.ReadAsync(message => message.Span.SequenceEqual(answer), talk.Check));
            }
            else if (leaving == Leaving.Closes)
            {
                // It has announced more than it has sent: the server waits, and takes a close for what was announced.
                leaving = Leaving.Resets;
            }

            await client.LeaveAsync(leaving);

            void Add(byte[] some)
            {
                bytes.AddRange(some);
                judge.Take(some);
            }
        }
    }

    /// <summary>How one kind of client talks.</summary>
    /// <param name="Connect">The message that it begins with; null for none.</param>
    /// <param name="Ask">What the server answers, and its answer.</param>
    /// <param name="Check">Throws for a message of the server's that is not whole.</param>
    private sealed record Talk(
        string Target, int Longest, RichEncoding? Encoding, Opcode Opcode, byte[]? Connect, Func<string, (byte[] Question, byte[] Answer)> Ask, Action<ReadOnlyMemory<byte>> Check)
    {
        private static readonly byte[] Ping = Text.UTF8.GetBytes($"{{\"id\":{uint.MaxValue},\"ping\":{{}}}}");

        public static readonly Talk Json = new(
            "/connection/websocket", LongestFrame, RichEncoding.Json, Opcode.Text, "{\"id\":1,\"connect\":{}}"u8.ToArray(), _ => (Ping, Ping), message => JsonDocument.Parse(message).Dispose());

        public static readonly Talk Protobuf = new(
            "/connection/websocket?cf_protocol=protobuf", LongestFrame, RichEncoding.Protobuf, Opcode.Binary, ProtobufClient.Message(new Wire.Command { Id = 1, Connect = new() }),
            _ => (ProtobufClient.Message(new Wire.Command { Id = uint.MaxValue, Ping = new() }), Pinged()), CheckReplies);

        public static readonly Talk Plain = new(
            "/ws/fuzz?subscribe-broadcast&publish-broadcast&echo", LongestMessage, null, Opcode.Text, null,
            question => (Text.UTF8.GetBytes(question), Text.UTF8.GetBytes(question)), _ => { });

        private static byte[] Pinged()
        {
            using var message = new MemoryStream();
            new Wire.Reply { Id = uint.MaxValue, Ping = new() }.WriteDelimitedTo(message);
            return message.ToArray();
        }

        private static void CheckReplies(ReadOnlyMemory<byte> message)
        {
            using var replies = new MemoryStream(message.ToArray());
            while (replies.Position < replies.Length) Wire.Reply.Parser.ParseDelimitedFrom(replies);
        }
    }
}
