using Broker.Actors.Audiences;
using Broker.Actors.Settings;
using Broker.Host.Clients;
using Broker.Host.Tests.WebSockets;
using Broker.Host.WebSockets;

namespace Broker.Host.Tests.Clients;

/// <summary>What goes over a websocket of a facility: words, replay, echo, heartbeats, frames.</summary>
public sealed class MessagingTests
{
    private const string Session = "Cookie: sessionid=key-1";

    [Fact]
    public async Task What_one_client_publishes_another_receives()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        using var reader = await server.OpenAsync("/ws/foobar?subscribe-broadcast");
        using var writer = await server.OpenAsync("/ws/foobar?publish-broadcast");

        await writer.SendAsync("one", "two", "three");

        Assert.Equal(["one", "two", "three"], await reader.ReadAsync(3));
    }

    [Theory]
    [InlineData("?Subscribe-Broadcast&PUBLISH-broadcast")]
    [InlineData("?subscribe-broadcast=1&publish-broadcast=no")]
    [InlineData("?%20subscribe-broadcast%20&+publish-broadcast")]
    [InlineData("?publish-broadcast&unknown&subscribe-broadcast&subscribe-broadcast&&=&x=y")]
    public async Task Words_are_trimmed_names_in_any_case_and_order(string query)
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        using var client = await server.OpenAsync("/ws/foobar" + query + "&echo");

        await client.SendAsync("hello");

        Assert.Equal("hello", await client.ReadAsync());
    }

    [Fact]
    public async Task A_websocket_without_words_neither_receives_nor_publishes()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open + "\nwebsocket.heartbeat = beat");
        using var witness = await server.OpenAsync("/ws/foobar?subscribe-broadcast");
        using var inert = await server.OpenAsync("/ws/foobar");

        await inert.SendAsync("nobody hears this", "beat");
        Assert.Equal("beat", await inert.ReadAsync());
        await server.Node.Publisher("foobar").PublishAsync("from the server");
        await inert.SendAsync("beat");

        Assert.Equal("beat", await inert.ReadAsync());
        Assert.Equal("from the server", await witness.ReadAsync());
    }

    [Fact]
    public async Task The_last_messages_come_in_the_order_broadcast_groups_user_session()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        await server.Node.SignInAsync("key-1", "john", ["b-group", "a-group"], TimeSpan.FromMinutes(1));
        (Audience Audience, string Text)[] messages =
        [
            (Audience.Sessions("key-1"), "S"), (Audience.Users("john"), "U"), (Audience.Groups("a-group"), "G2"), (Audience.Groups("b-group"), "G1"), (Audience.Broadcast, "B"),
        ];
        foreach (var (audience, text) in messages) await server.Node.Publisher("foobar", audience).PublishAsync(text);

        using var client = await server.OpenAsync("/ws/foobar?subscribe-session&subscribe-user&subscribe-group&subscribe-broadcast", Session);

        Assert.Equal(["B", "G1", "G2", "U", "S"], await client.ReadAsync(5));
    }

    [Fact]
    public async Task A_websocket_that_only_publishes_is_given_no_last_message()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open + "\nwebsocket.heartbeat = beat");
        await server.Node.Publisher("foobar").PublishAsync("old");
        using var client = await server.OpenAsync("/ws/foobar?publish-broadcast");

        await client.SendAsync("beat");

        Assert.Equal("beat", await client.ReadAsync());
    }

    [Fact]
    public async Task What_a_client_publishes_is_kept_for_those_who_come_later()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        using var writer = await server.OpenAsync("/ws/foobar?publish-user&subscribe-user&echo", await SignInAsync(server));
        await writer.SendAsync("for myself");
        Assert.Equal("for myself", await writer.ReadAsync());

        using var late = await server.OpenAsync("/ws/foobar?subscribe-user", Session);

        Assert.Equal("for myself", await late.ReadAsync());
    }

    /// <summary>Per connection and channel, the newest content that it sent or was sent is not sent to it: what the original's documentation promises.</summary>
    [Fact]
    public async Task Without_echo_own_and_repeated_contents_are_not_sent()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        using var plain = await server.OpenAsync("/ws/foobar?subscribe-broadcast&publish-broadcast");
        using var echoing = await server.OpenAsync("/ws/foobar?subscribe-broadcast&echo");
        using var other = await server.OpenAsync("/ws/foobar?publish-broadcast");
        async Task SeenBy(SocketClient sender, string text)
        {
            await sender.SendAsync(text);
            Assert.Equal(text, await echoing.ReadAsync());
        }

        await SeenBy(plain, "own");
        await SeenBy(other, "own");
        await SeenBy(other, "hi");
        await SeenBy(other, "hi");
        await SeenBy(other, "own");
        await SeenBy(other, "end");

        Assert.Equal(["hi", "own", "end"], await plain.ReadAsync(3));
    }

    [Fact]
    public async Task Own_messages_in_a_burst_never_come_back()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        using var sender = await server.OpenAsync("/ws/foobar?subscribe-broadcast&publish-broadcast");
        using var reader = await server.OpenAsync("/ws/foobar?subscribe-broadcast&echo");
        string[] burst = [.. Enumerable.Range(0, 100).Select(i => $"{i}")];

        await sender.SendAsync(burst);
        Assert.Equal(burst, await reader.ReadAsync(100));
        await server.Node.Publisher("foobar").PublishAsync("end");

        Assert.Equal("end", await sender.ReadAsync());
    }

    [Fact]
    public async Task A_message_to_several_audiences_arrives_once()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        using var reader = await server.OpenAsync("/ws/foobar?subscribe-user&subscribe-broadcast", await SignInAsync(server));
        using var writer = await server.OpenAsync("/ws/foobar?publish-user&publish-broadcast", Session);

        await writer.SendAsync("both");
        await writer.SendAsync("end");

        Assert.Equal(["both", "end"], await reader.ReadAsync(2));
    }

    [Fact]
    public async Task The_heartbeat_text_comes_at_its_interval_and_in_answer_to_itself()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open + "\nwebsocket { heartbeat = \"--heartbeat--\", heartbeat-interval = 100ms }");
        using var client = await server.OpenAsync("/ws/foobar?subscribe-broadcast&publish-broadcast&echo");

        Assert.Equal(["--heartbeat--", "--heartbeat--", "--heartbeat--"], await client.ReadAsync(3));
        await client.SendAsync("--heartbeat--", "a message");

        string text;
        while ((text = await client.ReadAsync()) == "--heartbeat--")
        {
        }

        Assert.Equal("a message", text);
    }

    /// <summary>An empty text was once taken for a heartbeat: the conditional of null and an array is an empty memory, not null.</summary>
    [Fact]
    public void Without_a_heartbeat_text_there_is_no_heartbeat()
    {
        var settings = ClientSettings.Read(Configuration.Default());

        Assert.Null(settings.HeartbeatText);
        Assert.Null(settings.HeartbeatFrame);
    }

    [Fact]
    public async Task A_heartbeat_that_a_client_sends_is_answered_and_not_published()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open + "\nwebsocket { heartbeat = beat, heartbeat-interval = 1h }");
        using var witness = await server.OpenAsync("/ws/foobar?subscribe-broadcast");
        using var client = await server.OpenAsync("/ws/foobar?publish-broadcast");

        await client.SendAsync("beat", "end");

        Assert.Equal("beat", await client.ReadAsync());
        Assert.Equal("end", await witness.ReadAsync());
    }

    [Fact]
    public async Task A_silent_client_is_pinged_and_given_up()
    {
        await using var server = await ClientServer.StartAsync(
            ClientServer.Open + "\nwebsocket { heartbeat-interval = 50ms, ping-interval = 200ms, dead-after = 600ms, close-timeout = 200ms }");
        using var client = await server.OpenAsync("/ws/foobar");

        Assert.Equal(Opcode.Ping, (await client.ReadFrameAsync()).Opcode);

        ServerFrame last;
        while ((last = await client.ReadFrameAsync()).Opcode == Opcode.Ping)
        {
        }

        Assert.Equal((Opcode.Close, 3012), (last.Opcode, last.CloseCode));
        Assert.True(await client.IsClosedAsync());
        await Eventually.IsTrueAsync(() => server.Node.Metrics.Connections == 0);
    }

    [Fact]
    public async Task What_is_utf8_goes_out_as_text_and_everything_else_as_binary()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        using var reader = await server.OpenAsync("/ws/foobar?subscribe-broadcast");
        using var writer = await server.OpenAsync("/ws/foobar?publish-broadcast");

        await writer.SendFrameAsync(ClientFrames.Frame(Opcode.Binary, "café"u8.ToArray()), ClientFrames.Frame(Opcode.Binary, [0xFF, 0x00]), ClientFrames.Text("text"));

        Assert.Equal("café", await reader.ReadAsync());
        var binary = await reader.ReadFrameAsync();
        Assert.Equal(Opcode.Binary, binary.Opcode);
        Assert.Equal([0xFF, 0x00], binary.Payload);
        Assert.Equal("text", await reader.ReadAsync());
    }

    [Fact]
    public async Task An_empty_message_is_not_published()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        using var reader = await server.OpenAsync("/ws/foobar?subscribe-broadcast&publish-broadcast&echo");

        await reader.SendAsync("", "something");

        Assert.Equal("something", await reader.ReadAsync());
    }

    [Fact]
    public async Task A_message_over_the_limit_closes_with_1009_and_invalid_utf8_with_1007()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open + "\nmax-message = 1KiB");
        using var fits = await server.OpenAsync("/ws/foobar?subscribe-broadcast&publish-broadcast&echo");
        using var big = await server.OpenAsync("/ws/foobar?publish-broadcast");
        using var wrong = await server.OpenAsync("/ws/foobar?publish-broadcast");

        await fits.SendAsync(new string('x', 1024));
        Assert.Equal(1024, (await fits.ReadAsync()).Length);
        await big.SendAsync(new string('x', 1025));
        await wrong.SendFrameAsync(ClientFrames.Frame(Opcode.Text, [0xC3, 0x28]));

        Assert.Equal(1009, await big.ReadCloseAsync());
        Assert.Equal(1007, await wrong.ReadCloseAsync());
    }

    [Fact]
    public async Task Clients_that_leave_in_any_way_leave_nothing_behind()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open + "\nrelay.stop-after = 1ms");
        for (var i = 0; i < 5; i++)
        {
            using var closing = await server.OpenAsync("/ws/foobar?subscribe-broadcast");
            using var lost = await server.OpenAsync("/ws/foobar?subscribe-broadcast");
            await closing.SendFrameAsync(ClientFrames.Close(1000));
            Assert.Equal(1000, await closing.ReadCloseAsync());
        }

        await Eventually.IsTrueAsync(() => server.Node.Metrics.Connections == 0);
    }

    [Fact]
    public async Task A_node_that_stops_sends_its_clients_away_with_1001()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        using var client = await server.OpenAsync("/ws/foobar?subscribe-broadcast");

        var stopping = server.Node.StopAsync();
        Assert.Equal(1001, await client.ReadCloseAsync());
        await client.SendFrameAsync(ClientFrames.Close(1001));

        await stopping.WaitAsync(Deadline.Fact);
    }

    private static async Task<string> SignInAsync(ClientServer server)
    {
        await server.Node.SignInAsync("key-1", "john", ["chatters"], TimeSpan.FromMinutes(1));
        return Session;
    }
}
