using System.Buffers;
using System.IO.Pipelines;
using Broker.Actors.Connections;
using Broker.Host.WebSockets;
using Microsoft.AspNetCore.Connections.Features;

namespace Broker.Host.Tests.WebSockets;

/// <summary>The writing side on a pipe in memory whose reader, the client, reads when the test says so.</summary>
public sealed class WebSocketTransportTests
{
    private readonly MemoryConnection _client = new();
    private readonly WebSocketTransport _transport;

    public WebSocketTransportTests() =>
        _transport = new WebSocketTransport(new WebSocketPipe(_client.Input, _client.Output, _client), EchoServer.Settings, TimeProvider.System);

    [Fact]
    public async Task All_buffers_of_a_write_leave_together_on_the_callers_thread()
    {
        var write = _transport.WriteAsync([new byte[] { 1, 2 }, new byte[] { 3 }, Array.Empty<byte>(), new byte[] { 4 }]);

        Assert.Equal([1, 2, 3, 4], _client.Read());
        await write;
    }

    [Fact]
    public async Task A_write_completes_when_a_slow_client_has_taken_it()
    {
        var write = _transport.WriteAsync([new byte[1000]]).AsTask();
        Assert.False(write.IsCompleted);

        _client.Read();

        await write.WaitAsync(Deadline.Fact);
    }

    [Fact]
    public async Task A_large_write_is_copied_in_portions_that_the_client_has_to_take()
    {
        var buffers = Enumerable.Repeat<ReadOnlyMemory<byte>>(new byte[40_000], 10).ToArray();
        var write = _transport.WriteAsync(buffers).AsTask();

        var portions = new List<int>();
        while (portions.Sum() < 400_000) portions.Add((await _client.ReadSomeAsync()).Length);

        Assert.Equal([80_000, 80_000, 80_000, 80_000, 80_000], portions);
        await write.WaitAsync(Deadline.Fact);
    }

    [Fact]
    public async Task Of_several_pings_that_cannot_be_answered_yet_the_latest_is()
    {
        _ = _transport.WriteAsync([new byte[] { 1 }]).AsTask();
        for (byte ping = 0; ping < 100; ping++) _transport.Pong(new[] { ping });

        Assert.Equal([1], await _client.ReadSomeAsync());
        Assert.Equal([0x8A, 1, 99], await _client.ReadSomeAsync());
    }

    [Fact]
    public async Task A_write_during_the_flush_of_a_pong_comes_next_and_the_close_last()
    {
        _transport.Pong(new byte[] { 7 });
        var write = _transport.WriteAsync([new byte[] { 1 }, new byte[] { 2 }]).AsTask();
        _transport.Ping();
        _transport.Close(CloseReason.Slow);
        _transport.Pong(new byte[] { 8 });
        _ = _transport.WriteAsync([new byte[] { 3 }]).AsTask();

        Assert.Equal([0x8A, 1, 7], await _client.ReadSomeAsync());
        Assert.Equal([1, 2, 0x89, 0, 0x88, 6, 0x0B, 0xC0, .. "slow"u8], await _client.ReadSomeAsync());
        await write.WaitAsync(Deadline.Fact);
        Assert.Empty(_client.Read());
    }

    [Fact]
    public void A_second_write_before_the_first_is_complete_is_a_mistake()
    {
        _transport.Pong(new byte[] { 7 });
        _ = _transport.WriteAsync([new byte[] { 1 }]).AsTask();

        Assert.Throws<InvalidOperationException>(() => { _ = _transport.WriteAsync([new byte[] { 2 }]).AsTask(); });
    }

    [Fact]
    public async Task When_the_client_is_gone_everything_that_waits_is_dropped_and_completes()
    {
        _transport.Pong(new byte[] { 7 });
        var write = _transport.WriteAsync([new byte[] { 1 }]).AsTask();
        _transport.Close(CloseReason.Slow);

        _client.Abort();

        await write.WaitAsync(Deadline.Fact);
        await _transport.EndAsync().AsTask().WaitAsync(Deadline.Fact);
    }

    [Fact]
    public async Task The_end_waits_for_the_flush_in_progress_and_nothing_is_written_after_it()
    {
        _transport.Pong(new byte[] { 7 });
        var end = _transport.EndAsync().AsTask();
        Assert.False(end.IsCompleted);

        await _client.ReadSomeAsync();
        await end.WaitAsync(Deadline.Fact);
        _transport.Ping();
        _transport.Close(CloseReason.Slow);
        await _transport.WriteAsync([new byte[] { 1 }]);

        Assert.Empty(_client.Read());
    }

    [Fact]
    public void A_silent_client_is_pinged_at_the_interval_and_closed_when_it_stays_silent()
    {
        var time = new ManualTime();
        var client = new MemoryConnection(pauseAt: 1000);
        var transport = new WebSocketTransport(new WebSocketPipe(client.Input, client.Output, client), EchoServer.Settings, time);

        Assert.Empty(BeatAt(23));
        Assert.Equal([0x89, 0], BeatAt(24));
        Assert.Empty(BeatAt(28));
        Assert.Equal([0x89, 0], BeatAt(48));

        transport.Heard();
        Assert.Empty(BeatAt(71));
        Assert.Equal([0x89, 0], BeatAt(72));
        Assert.Equal([0x88, 9, 0x0B, 0xC4, .. "no pong"u8], BeatAt(108));

        byte[] BeatAt(int second)
        {
            time.Now = TimeSpan.FromSeconds(second);
            transport.Beat();
            return client.Read();
        }
    }

    [Fact]
    public async Task Frames_of_many_threads_never_cut_each_other_and_the_close_is_the_last()
    {
        for (var round = 0; round < 50; round++)
        {
            var client = new MemoryConnection();
            var transport = new WebSocketTransport(new WebSocketPipe(client.Input, client.Output, client), EchoServer.Settings, TimeProvider.System);
            var received = new ArrayBufferWriter<byte>();
            var reading = Task.Run(() => client.ReadUntilIdleAsync(received));

            await Task.WhenAll(
                Task.Run(async () =>
                {
                    for (var i = 0; i < 200; i++) await transport.WriteAsync([new byte[] { 0x82, 3 }, new byte[] { 1, 2, 3 }, new byte[] { 0x82, 0 }]);
                }),
                Task.Run(() => Repeat(200, () => transport.Pong(new byte[] { 5, 6 }))),
                Task.Run(() => Repeat(200, transport.Ping)),
                Task.Run(() => Repeat(round * 4, Thread.Yield, then: () => transport.Close(CloseReason.GoingAway))));
            await transport.EndAsync();
            client.Output.Complete();
            await reading.WaitAsync(Deadline.Fact);

            var frames = ServerFrames(received.WrittenMemory);
            Assert.All(frames[..^1], frame => Assert.Contains(Convert.ToHexString(frame), new[] { "8203010203", "8200", "8A020506", "8900" }));
            Assert.Equal(0x88, frames[^1][0]);
        }
    }

    private static void Repeat(int times, Action action)
    {
        for (var i = 0; i < times; i++) action();
    }

    private static void Repeat(int times, Func<bool> action, Action then)
    {
        for (var i = 0; i < times; i++) action();
        then();
    }

    private static List<byte[]> ServerFrames(ReadOnlyMemory<byte> bytes)
    {
        var frames = new List<byte[]>();
        for (; bytes.Length > 0; bytes = bytes[(2 + bytes.Span[1])..]) frames.Add(bytes[..(2 + bytes.Span[1])].ToArray());
        return frames;
    }

    private sealed class ManualTime : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long GetTimestamp() => (long)(Now.TotalSeconds * TimestampFrequency);
    }

    /// <summary>A connection in memory; a flush completes only when the client has read, unless it may be behind.</summary>
    private sealed class MemoryConnection(int pauseAt = 1) : IDuplexPipe, IConnectionLifetimeFeature
    {
        private readonly Pipe _output = new(new PipeOptions(pauseWriterThreshold: pauseAt, resumeWriterThreshold: 1, readerScheduler: PipeScheduler.Inline));

        public PipeReader Input { get; } = new Pipe().Reader;

        public PipeWriter Output => _output.Writer;

        public CancellationToken ConnectionClosed { get; set; }

        public void Abort() => _output.Reader.Complete();

        /// <summary>What one flush brought; waits for it.</summary>
        public async Task<byte[]> ReadSomeAsync() => Take(await _output.Reader.ReadAsync().AsTask().WaitAsync(Deadline.Fact));

        /// <summary>All that is there now.</summary>
        public byte[] Read() => _output.Reader.TryRead(out var read) ? Take(read) : [];

        public async Task ReadUntilIdleAsync(ArrayBufferWriter<byte> target)
        {
            while (true)
            {
                var read = await _output.Reader.ReadAsync();
                target.Write(Take(read));
                if (read.IsCompleted) return;
            }
        }

        private byte[] Take(ReadResult read)
        {
            var bytes = read.Buffer.ToArray();
            _output.Reader.AdvanceTo(read.Buffer.End);
            return bytes;
        }
    }
}
