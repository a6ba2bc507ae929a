using System.Diagnostics;
using Broker.Actors.Connections;
using Broker.Host.WebSockets;

namespace Broker.Host.Tests.WebSockets;

public sealed class SlowClientTests : IAsyncLifetime
{
    private static readonly TimeSpan Bound = TimeSpan.FromMilliseconds(500);

    private EchoServer _server = null!;

    public async Task InitializeAsync() => _server = await EchoServer.StartAsync(EchoServer.Settings with { CloseTimeout = Bound });

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_client_that_stops_reading_is_cut_off_after_the_bound()
    {
        using var client = await RawClient.OpenAsync(_server.Port, receiveBuffer: 4096);
        var connection = await _server.NextConnectionAsync();
        var stuck = await WriteUntilStuckAsync(connection);

        var since = Stopwatch.GetTimestamp();
        connection.Transport.Close(CloseReason.Slow);
        var ending = await _server.NextEndingAsync();

        Assert.Equal(new Ending(EndKind.TimedOut, CloseReason.Slow), ending);
        Assert.InRange(Stopwatch.GetElapsedTime(since), Bound - TimeSpan.FromMilliseconds(50), Deadline.Fact);
        await stuck.WaitAsync(Deadline.Fact);
        Assert.True(await client.IsClosedAsync());
    }

    [Fact]
    public async Task A_client_that_reads_but_never_answers_the_close_is_cut_off_after_the_bound()
    {
        using var client = await RawClient.OpenAsync(_server.Port);
        (await _server.NextConnectionAsync()).Transport.Close(CloseReason.NoPong);

        Assert.Equal(3012, await client.ReadCloseAsync());
        Assert.True(await client.IsClosedAsync());
        Assert.Equal(new Ending(EndKind.TimedOut, CloseReason.NoPong), await _server.NextEndingAsync());
    }

    [Fact]
    public async Task A_client_that_stays_after_its_violation_is_cut_off_after_the_bound()
    {
        using var client = await RawClient.OpenAsync(_server.Port);

        await client.SendAsync(ClientFrames.Header(Opcode.Binary, long.MaxValue));

        Assert.Equal(1009, await client.ReadCloseAsync());
        Assert.True(await client.IsClosedAsync());
        Assert.Equal(EndKind.Violation, (await _server.NextEndingAsync()).Kind);
    }

    [Fact]
    public async Task A_client_that_closes_without_reading_what_waits_for_it_is_cut_off_after_the_bound()
    {
        using var client = await RawClient.OpenAsync(_server.Port, receiveBuffer: 4096);
        var stuck = await WriteUntilStuckAsync(await _server.NextConnectionAsync());

        await client.SendAsync(ClientFrames.Close(1000));

        Assert.Equal(new Ending(EndKind.Client, CloseReason.Normal), await _server.NextEndingAsync());
        await stuck.WaitAsync(Deadline.Fact);
        Assert.True(await client.IsClosedAsync());
    }

    [Fact]
    public async Task A_client_that_reads_again_gets_everything_and_then_the_close()
    {
        _server = await ReplacedAsync(EchoServer.Settings with { CloseTimeout = Deadline.Fact });
        using var client = await RawClient.OpenAsync(_server.Port, receiveBuffer: 4096);
        var connection = await _server.NextConnectionAsync();
        var written = 0;
        var stuck = await WriteUntilStuckAsync(connection, () => written++);

        connection.Transport.Close(CloseReason.GoingAway);
        for (; written > 0; written--) Assert.Equal(Large.Length - 10, (await client.ReadFrameAsync()).Payload.Length);

        Assert.Equal(1001, await client.ReadCloseAsync());
        await client.SendAsync(ClientFrames.Close(1001));
        await stuck.WaitAsync(Deadline.Fact);
        Assert.Equal(EndKind.Server, (await _server.NextEndingAsync()).Kind);
    }

    [Fact]
    public async Task Writing_to_a_client_that_is_gone_completes()
    {
        var client = await RawClient.OpenAsync(_server.Port);
        var connection = await _server.NextConnectionAsync();
        client.Reset();
        await _server.NextEndingAsync();

        await connection.Transport.WriteAsync([Large]);
        connection.Transport.Ping();
        connection.Transport.Close(CloseReason.Normal);
    }

    /// <summary>A binary frame of 100,000 bytes.</summary>
    private static readonly byte[] Large = [0x82, 127, 0, 0, 0, 0, 0, 1, 0x86, 0xA0, .. new byte[100_000]];

    private static async Task<Task> WriteUntilStuckAsync(WebSocketConnection connection, Action? onWritten = null)
    {
        while (true)
        {
            var write = connection.Transport.WriteAsync([Large]).AsTask();
            onWritten?.Invoke();
            if (await Task.WhenAny(write, Task.Delay(TimeSpan.FromMilliseconds(200))) != write) return write;
        }
    }

    private async Task<EchoServer> ReplacedAsync(WebSocketSettings settings)
    {
        await _server.DisposeAsync();
        return await EchoServer.StartAsync(settings);
    }
}
