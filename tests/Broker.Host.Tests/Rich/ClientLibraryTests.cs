using System.Text.Json;
using Broker.Host.Rich;
using Broker.Host.Tests.Clients;
using Broker.Host.Tests.Server;
using Microsoft.Extensions.DependencyInjection;

namespace Broker.Host.Tests.Rich;

/// <summary>The unmodified npm package <c>centrifuge</c>, both of its builds, in node and in a browser, against Broker.</summary>
public sealed class ClientLibraryTests(Chromium chromium, NodePackage package) : IClassFixture<Chromium>, IClassFixture<NodePackage>
{
    private const string Settings = """
        presence = on
        history { "chat" { size = 100, ttl = 5m } }
        rules = [ { facility = "chat", allow = on } ]
        rich.ping-interval = 2s, rich.pong-timeout = 1s
        """;

    [Theory]
    [InlineData("json")]
    [InlineData("protobuf")]
    public async Task In_node_it_does_all_that_it_can(string encoding)
    {
        _ = package;
        await using var server = await StartAsync();
        using var node = NodePackage.Run(encoding, "talk", Url(server), Tokens());

        var said = await node.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromMinutes(1));
        Assert.True(said.Length > 0, await node.StandardError.ReadToEndAsync());
        Judge(JsonDocument.Parse(said.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]).RootElement);
    }

    [Theory]
    [InlineData("json")]
    [InlineData("protobuf")]
    public async Task In_a_browser_it_does_all_that_it_can(string encoding)
    {
        await using var server = await StartAsync();
        await using var user = await chromium.NewUserAsync();
        var page = await NodePackage.OpenAsync(user, $"http://127.0.0.1:{server.Port}", encoding);

        var seen = await page.EvaluateAsync<string>(
            "async ([encoding, url, tokens]) => JSON.stringify(await talk(Centrifuge, encoding, {}, url, JSON.parse(tokens)))", new[] { encoding, Url(server), Tokens() });

        Judge(JsonDocument.Parse(seen).RootElement);
    }

    [Fact]
    public async Task One_whose_token_is_taken_back_comes_again_with_another_one()
    {
        await using var server = await StartAsync();
        var tokens = JsonSerializer.Serialize(new { first = Jwt.Hs256(new { sub = "john", jti = "1" }), second = Jwt.Hs256(new { sub = "john", jti = "2" }) });
        using var node = NodePackage.Run("json", "renew", Url(server), tokens);

        Assert.Equal("connected", await node.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Equal(1, await server.Node.Server.RevokeTokenAsync("1"));

        var said = await node.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Equal("""{"connected":2,"asked":1,"connecting":[0,3014],"disconnected":[0]}""", said.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]);
    }

    [Fact]
    public async Task One_whose_token_for_a_channel_is_taken_back_stays_and_subscribes_again_with_another_one()
    {
        await using var server = await StartAsync();
        string For(string id) => Jwt.Hs256(new { sub = "john", jti = id, channel = "user:jane:chat" });
        using var node = NodePackage.Run("json", "renewSubscription", Url(server), JsonSerializer.Serialize(new { john = Jwt.Hs256(new { sub = "john" }), first = For("1"), second = For("2") }));

        Assert.Equal("subscribed", await node.StandardOutput.ReadLineAsync().WaitAsync(TimeSpan.FromMinutes(1)));
        Assert.Equal(1, await server.Node.Server.RevokeTokenAsync("1"));

        var said = await node.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(
            """{"connected":1,"subscribed":2,"asked":1,"errors":[],"subscribing":[0,2502],"unsubscribed":[0]}""", said.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]);
    }

    private static void Judge(JsonElement seen)
    {
        string Of(string name) => seen.GetProperty(name).GetRawText();

        Assert.Equal("""[{"text":"hello","n":[1,2,3]},"a string"]""", Of("publications"));
        Assert.Equal("""[[1,{"text":"hello","n":[1,2,3]}],[2,"a string"]]""", Of("history"));
        Assert.Equal("[2]", Of("newest"));
        Assert.Equal("\"user:john:mail\"", Of("serverSide"));
        Assert.Equal("""[["user:john:mail",{"to":"himself"}]]""", Of("mail"));
        Assert.Equal("""["jane","john"]""", Of("users"));
        Assert.Equal("""{"numUsers":2,"numClients":2}""", Of("stats"));
        Assert.Equal("""{"a":1}""", Of("echo"));
        Assert.Equal("103", Of("forbidden"));
        Assert.Equal("1", Of("connected"));
        Assert.Equal("\"connected\"", Of("state"));
        Assert.Equal("[]", Of("errors"));
    }

    private static Task<ClientServer> StartAsync() =>
        ClientServer.StartAsync($"{Settings}\njwt.hs256 = \"{Jwt.Secret}\"", services: services => services.AddSingleton<IRpcHandler, Echo>());

    private static string Url(ClientServer server) => $"ws://127.0.0.1:{server.Port}/connection/websocket";

    private static string Tokens() => JsonSerializer.Serialize(new
    {
        @short = Jwt.Hs256(new { sub = "john", exp = Jwt.In(TimeSpan.FromSeconds(2)), channels = new[] { "user:john:mail" } }),
        john = Jwt.Hs256(new { sub = "john", exp = Jwt.In(TimeSpan.FromHours(1)), channels = new[] { "user:john:mail" } }),
        jane = Jwt.Hs256(new { sub = "jane", exp = Jwt.In(TimeSpan.FromHours(1)) }),
    });

    private sealed class Echo : IRpcHandler
    {
        public ValueTask<RpcResult> OnRpcAsync(ClientRpc call, CancellationToken cancellation) => new(RpcResult.Answer(call.Data));
    }
}
