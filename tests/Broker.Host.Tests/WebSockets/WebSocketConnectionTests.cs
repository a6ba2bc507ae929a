using System.Text;
using Broker.Actors.Connections;
using Broker.Host.WebSockets;

namespace Broker.Host.Tests.WebSockets;

public sealed class WebSocketConnectionTests : IAsyncLifetime
{
    private EchoServer _server = null!;

    public async Task InitializeAsync() => _server = await EchoServer.StartAsync();

    public async Task DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Bytes_sent_together_with_the_handshake_are_not_lost()
    {
        using var client = await RawClient.ConnectAsync(_server.Port);

        await client.SendAsync(Encoding.ASCII.GetBytes(RawClient.Handshake), ClientFrames.Text("early"), ClientFrames.Close(1000));

        Assert.StartsWith("HTTP/1.1 101 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        Assert.Equal("early", (await client.ReadFrameAsync()).Text);
        Assert.Equal(1000, await client.ReadCloseAsync());
    }

    [Fact]
    public async Task Messages_that_come_byte_by_byte_are_whole()
    {
        using var client = await RawClient.OpenAsync(_server.Port);

        foreach (var one in ClientFrames.Text("slowly")) await client.SendAsync([one]);

        Assert.Equal("slowly", (await client.ReadFrameAsync()).Text);
    }

    [Fact]
    public async Task A_client_that_closes_hears_its_own_code_and_text_and_then_the_end()
    {
        using var client = await RawClient.OpenAsync(_server.Port);

        await client.SendAsync(ClientFrames.Close(4321, "bye"));

        var close = await client.ReadFrameAsync();
        Assert.Equal((4321, "bye"), (close.CloseCode, Encoding.UTF8.GetString(close.Payload[2..])));
        Assert.True(await client.EndsInOrderAsync());
        Assert.Equal(new Ending(EndKind.Client, new CloseReason(4321, "bye")), await _server.NextEndingAsync());
    }

    [Fact]
    public async Task A_close_without_a_code_is_answered_without_one()
    {
        using var client = await RawClient.OpenAsync(_server.Port);

        await client.SendAsync(ClientFrames.Frame(Opcode.Close, []));

        Assert.Empty((await client.ReadFrameAsync()).Payload);
        Assert.True(await client.EndsInOrderAsync());
        Assert.Equal(1005, (await _server.NextEndingAsync()).Reason.Code);
    }

    [Fact]
    public async Task What_follows_a_close_does_not_count()
    {
        using var client = await RawClient.OpenAsync(_server.Port);

        await client.SendAsync(ClientFrames.Close(1000), ClientFrames.Text("too late"));

        Assert.Equal(1000, await client.ReadCloseAsync());
        Assert.True(await client.IsClosedAsync());
    }

    [Fact]
    public async Task A_server_that_closes_says_why_after_what_it_wrote_and_waits_for_the_answer()
    {
        using var client = await RawClient.OpenAsync(_server.Port);
        var connection = await _server.NextConnectionAsync();

        await connection.Transport.WriteAsync([new byte[] { 0x81, 4 }, "last"u8.ToArray()]);
        connection.Transport.Close(CloseReason.GoingAway);
        connection.Transport.Close(CloseReason.Slow);

        Assert.Equal("last", (await client.ReadFrameAsync()).Text);
        Assert.Equal(1001, await client.ReadCloseAsync());
        await client.SendAsync(ClientFrames.Text("crossed on the way"), ClientFrames.Close(1001));
        Assert.True(await client.EndsInOrderAsync());
        Assert.Equal(new Ending(EndKind.Server, CloseReason.GoingAway), await _server.NextEndingAsync());
    }

    [Fact]
    public async Task A_ping_is_answered_with_its_payload_between_fragments()
    {
        using var client = await RawClient.OpenAsync(_server.Port);

        await client.SendAsync(ClientFrames.Frame(Opcode.Text, "frag"u8.ToArray(), final: false));
        await client.SendAsync(ClientFrames.Frame(Opcode.Ping, "there?"u8.ToArray()));
        var pong = await client.ReadFrameAsync();
        await client.SendAsync(ClientFrames.Frame(Opcode.Continuation, "ments"u8.ToArray()));

        Assert.Equal((Opcode.Pong, "there?"), (pong.Opcode, pong.Text));
        Assert.Equal("fragments", (await client.ReadFrameAsync()).Text);
    }

    [Fact]
    public async Task A_ping_of_the_server_is_answered_and_heard()
    {
        using var client = await RawClient.OpenAsync(_server.Port);
        var connection = await _server.NextConnectionAsync();
        var before = connection.Transport.LastHeard;

        connection.Transport.Ping();
        Assert.Equal(Opcode.Ping, (await client.ReadFrameAsync()).Opcode);
        await client.SendAsync(ClientFrames.Frame(Opcode.Pong, []), ClientFrames.Text("x"));
        await client.ReadFrameAsync();

        Assert.True(connection.Transport.LastHeard > before);
    }

    public static TheoryData<string, byte[], int> Abuse() => FrameReaderTests.Violations();

    [Theory]
    [MemberData(nameof(Abuse))]
    public async Task A_client_that_breaks_a_rule_gets_the_close_code_of_the_rule(string rule, byte[] bytes, int code)
    {
        var client = await RawClient.OpenAsync(_server.Port);

        client.TrySend(bytes);

        var frame = await client.ReadFrameAsync();
        while (frame.Opcode is Opcode.Text or Opcode.Binary) frame = await client.ReadFrameAsync();
        Assert.Equal((Opcode.Close, code), (frame.Opcode, frame.CloseCode));
        client.Dispose();

        var ending = await _server.NextEndingAsync();
        Assert.True((EndKind.Violation, code) == (ending.Kind, ending.Reason.Code), $"{rule}: {ending}");
    }

    [Fact]
    public async Task A_client_that_vanishes_is_lost_once()
    {
        var client = await RawClient.OpenAsync(_server.Port);

        client.Reset();

        var ending = await _server.NextEndingAsync();
        Assert.Equal((EndKind.Lost, 1006), (ending.Kind, ending.Reason.Code));
    }

    [Fact]
    public async Task A_client_that_hangs_up_without_a_close_is_lost()
    {
        var client = await RawClient.OpenAsync(_server.Port);
        await client.SendAsync(ClientFrames.Text("half a frame")[..5]);

        client.Dispose();

        Assert.Equal(EndKind.Lost, (await _server.NextEndingAsync()).Kind);
    }

    [Fact]
    public async Task A_handler_that_throws_ends_its_connection_with_1011()
    {
        _server.OnMessage = (_, _, _) => throw new InvalidOperationException("handler");
        using var client = await RawClient.OpenAsync(_server.Port);

        await client.SendAsync(ClientFrames.Text("boom"));

        Assert.Equal(1011, await client.ReadCloseAsync());
        await client.SendAsync(ClientFrames.Close(1011));
        var ending = await _server.NextEndingAsync();
        Assert.Equal((EndKind.Failed, "handler"), (ending.Kind, ending.Error?.Message));
    }

    [Fact]
    public async Task While_a_message_is_handled_nothing_more_is_read()
    {
        var gate = new TaskCompletionSource();
        var seen = 0;
        _server.OnMessage = async (connection, _, _) =>
        {
            Interlocked.Increment(ref seen);
            await gate.Task;
            connection.Transport.Ping();
        };
        using var client = await RawClient.OpenAsync(_server.Port);
        var connection = await _server.NextConnectionAsync();

        await client.SendAsync(ClientFrames.Text("one"), ClientFrames.Text("two"));
        connection.Transport.Ping();
        await client.ReadFrameAsync();
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref seen) == 1, Deadline.Fact));
        gate.SetResult();

        await client.ReadFrameAsync();
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref seen) == 2, Deadline.Fact));
    }
}
