using Broker.Host.Tests.Clients;

namespace Broker.Host.Tests.Rich;

/// <summary>Rich mode as bytes on a socket.</summary>
public sealed class RichSocketTests
{
    private const string Path = "/connection/websocket";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_connects_and_talks_in_text_frames(bool door)
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open, door: door);
        using var client = await server.OpenAsync(Path);

        await client.SendAsync("{\"id\":1,\"connect\":{}}\n{\"id\":2,\"subscribe\":{\"channel\":\"broadcast:news\"}}");
        Assert.StartsWith("{\"id\":1,\"connect\":{\"client\":\"", await client.ReadAsync(), StringComparison.Ordinal);
        Assert.Equal("{\"id\":2,\"subscribe\":{}}", await client.ReadAsync());
        await client.SendAsync("{\"id\":3,\"publish\":{\"channel\":\"broadcast:news\",\"data\":{\"a\" : 1}}}");

        var both = await client.ReadAsync(2);
        Assert.Contains("{\"id\":3,\"publish\":{}}", both);
        Assert.Contains("{\"push\":{\"channel\":\"broadcast:news\",\"pub\":{\"data\":{\"a\" : 1}}}}", both);
    }

    [Fact]
    public async Task Rich_and_ws4redis_clients_hear_each_other()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        using var plain = await server.OpenAsync("/ws/news?subscribe-broadcast&publish-broadcast&echo");
        using var rich = await server.OpenAsync(Path);
        await rich.SendAsync("{\"id\":1,\"connect\":{}}\n{\"id\":2,\"subscribe\":{\"channel\":\"broadcast:news\"}}");
        await rich.ReadAsync(2);

        await plain.SendAsync("no JSON");
        Assert.Equal("{\"push\":{\"channel\":\"broadcast:news\",\"pub\":{\"data\":\"no JSON\"}}}", await rich.ReadAsync());
        Assert.Equal("no JSON", await plain.ReadAsync());
        await rich.SendAsync("{\"id\":3,\"publish\":{\"channel\":\"broadcast:news\",\"data\":{ \"as\" :\"written\"}}}");

        Assert.Equal("{ \"as\" :\"written\"}", await plain.ReadAsync());
    }

    [Theory]
    [InlineData("", 3502)]
    [InlineData("nonsense", 3501)]
    [InlineData("{\"id\":1,\"subscribe\":{\"channel\":\"broadcast:news\"}}", 3501)]
    public async Task Who_does_not_keep_to_the_protocol_is_closed_with_its_code(string frame, int code)
    {
        await using var server = await ClientServer.StartAsync($"{ClientServer.Open}, rich.connect-timeout = 200ms");
        using var client = await server.OpenAsync(Path);

        if (frame.Length > 0) await client.SendAsync(frame);

        Assert.Equal(code, await client.ReadCloseAsync());
    }

    [Fact]
    public async Task A_frame_that_is_too_long_is_closed_with_1009_and_one_of_the_largest_message_passes()
    {
        await using var server = await ClientServer.StartAsync($"{ClientServer.Open}, max-message = 1KiB, limits.frame = 2KiB");
        using var client = await server.OpenAsync(Path);
        await client.SendAsync("{\"id\":1,\"connect\":{}}", $"{{\"id\":2,\"publish\":{{\"channel\":\"broadcast:news\",\"data\":\"{new string('x', 1022)}\"}}}}");
        await client.ReadAsync();
        Assert.Equal("{\"id\":2,\"publish\":{}}", await client.ReadAsync());

        await client.SendAsync(new string(' ', 2049));

        Assert.Equal(1009, await client.ReadCloseAsync());
    }

    [Fact]
    public async Task A_page_of_another_host_and_one_too_many_are_refused_and_the_path_may_be_another_or_none()
    {
        await using var server = await ClientServer.StartAsync($"{ClientServer.Open}, limits.connections = 1, rich.path = \"/live\"");

        Assert.Equal(403, await server.StatusAsync("/live", "Origin: http://elsewhere.example"));
        Assert.Equal(404, await server.StatusAsync(Path));
        using (await server.OpenAsync("/live")) Assert.Equal(503, await server.StatusAsync("/live"));
        await Eventually.IsAsync(101, () => server.StatusAsync("/live"));

        await using var without = await ClientServer.StartAsync($"{ClientServer.Open}, rich.path = \"\"");
        Assert.Equal(404, await without.StatusAsync(Path));
    }

    /// <summary>Nobody dealt with what it had sent besides: its socket was read from no more, its end was never seen and its place stayed taken.</summary>
    [Fact]
    public async Task Who_is_closed_while_much_of_it_waits_leaves_its_place()
    {
        await using var server = await ClientServer.StartAsync($"{ClientServer.Open}, limits.connections = 1, inflow.messages = 2");
        using (var client = await server.OpenAsync(Path))
        {
            await client.SendAsync([.. Enumerable.Range(1, 50).Select(id => $"{{\"id\":{id},\"connect\":{{}}}}")]);
            await client.ReadAsync();
            Assert.Equal(3501, await client.ReadCloseAsync());
        }

        await Eventually.IsAsync(101, () => server.StatusAsync(Path));
    }

    [Fact]
    public async Task Thousands_of_answers_wait_for_nobody_and_come_in_order()
    {
        await using var server = await ClientServer.StartAsync($"{ClientServer.Open}, limits.command-rate = 0");
        using var client = await server.OpenAsync(Path);
        await client.SendAsync("{\"id\":1,\"connect\":{}}");
        await client.ReadAsync();

        var frames = Enumerable.Range(0, 50).Select(frame => ClientFramesOf(frame)).ToArray();
        var sending = client.SendAsync(frames);
        for (var id = 2; id < 2 + (50 * 100); id++) Assert.Equal($"{{\"id\":{id},\"ping\":{{}}}}", await client.ReadAsync());
        await sending;
    }

    private static string ClientFramesOf(int frame) => string.Join('\n', Enumerable.Range(2 + (frame * 100), 100).Select(id => $"{{\"id\":{id},\"ping\":{{}}}}"));
}
