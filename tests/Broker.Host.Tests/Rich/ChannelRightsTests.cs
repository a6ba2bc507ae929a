using Broker.Actors.Channels;
using Broker.Actors.Rich.Protocol;
using Broker.Host.Policy;
using Broker.Host.Tests.Clients;
using Microsoft.Extensions.DependencyInjection;

namespace Broker.Host.Tests.Rich;

/// <summary>What a rich client may do on the channels that it names.</summary>
public sealed class ChannelRightsTests
{
    private static readonly object John = new { sub = "john", groups = new[] { "staff" }, sid = "key-1" };

    [Theory]
    [InlineData("broadcast:x", true, false)]
    [InlineData("user:john:x", true, true)]
    [InlineData("group:staff:x", true, true)]
    [InlineData("session:key-1:x", true, true)]
    [InlineData("user:jane:x", false, false)]
    [InlineData("group:boss:x", false, false)]
    [InlineData("session:key-2:x", false, false)]
    [InlineData("user::x", false, false)]
    [InlineData("user:john", false, false)]
    [InlineData("anything", false, false)]
    [InlineData("", false, false)]
    public async Task A_user_has_its_own_channels_and_hears_everybodys(string channel, bool subscribe, bool publish)
    {
        await using var server = await ClientServer.StartAsync(Gates.Key + "\njwt.session-claim = sid");
        var gate = await server.GateOfAsync(John);

        Assert.Equal(subscribe, (await gate.SubscribeAsync(channel)).IsGranted);
        Assert.Equal(publish, (await gate.PublishAsync(channel)).IsGranted);
        Assert.Equal(subscribe, (await gate.ReadAsync(ChannelName.Parse(channel))).IsGranted);
    }

    [Fact]
    public async Task What_is_no_channel_is_unknown_and_what_is_too_long_is_a_mistake()
    {
        await using var server = await ClientServer.StartAsync(Gates.Key + "\naccess = open\nlimits.facility-length = 5");
        var gate = await server.GateOfAsync(John);

        Assert.Equal(RichError.UnknownChannel, (await gate.SubscribeAsync("anything")).Error);
        Assert.Equal(RichError.UnknownChannel, (await gate.SubscribeAsync("broadcast:{x}:meta")).Error);
        Assert.Equal(RichError.BadRequest, (await gate.SubscribeAsync("broadcast:123456")).Error);
        Assert.Equal(RichError.BadRequest, (await gate.PublishAsync("user:123456:x")).Error);
        Assert.True((await gate.SubscribeAsync("broadcast:12345")).IsGranted);
    }

    [Fact]
    public async Task An_anonymous_client_has_what_a_rule_gives_it()
    {
        await using var server = await ClientServer.StartAsync("rules = [{ facility = \"news*\", words = [subscribe-broadcast], allow = on }]");
        var gate = await server.GateAsync();
        await gate.ConnectAsync(Gates.Connect());

        Assert.True((await gate.SubscribeAsync("broadcast:news-1")).IsGranted);
        Assert.Equal(RichError.PermissionDenied, (await gate.SubscribeAsync("broadcast:other")).Error);
        Assert.Equal(RichError.PermissionDenied, (await gate.PublishAsync("broadcast:news-1")).Error);
    }

    [Fact]
    public async Task Where_everything_is_open_every_channel_is_but_raw_ones()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        var gate = await server.GateAsync();
        await gate.ConnectAsync(Gates.Connect());

        Assert.True((await gate.SubscribeAsync("user:jane:x")).IsGranted);
        Assert.True((await gate.PublishAsync("broadcast:x")).IsGranted);
        Assert.Equal(RichError.UnknownChannel, (await gate.SubscribeAsync("raw")).Error);
    }

    [Fact]
    public async Task Publishing_to_another_user_is_a_word_of_its_own()
    {
        await using var server = await ClientServer.StartAsync(Gates.Key + "\nrules = [{ facility = chat, words = [publish-peer], who = authenticated, allow = on }]");
        var gate = await server.GateOfAsync(John);

        Assert.True((await gate.PublishAsync("user:jane:chat")).IsGranted);
        Assert.False((await gate.PublishAsync("user:jane:other")).IsGranted);
        Assert.False((await gate.PublishAsync("group:boss:chat")).IsGranted);
        Assert.False((await gate.SubscribeAsync("user:jane:chat")).IsGranted);
    }

    [Fact]
    public async Task A_policy_can_forbid_publishing_to_another_user_and_not_allow_it()
    {
        // A policy that allows all the words that it is asked for was written for words that mean the caller's own channels.
        await using var alone = await StartAsync(request => ChannelDecision.Allow(request.Words));
        Assert.False((await (await alone.GateOfAsync(John)).PublishAsync("user:jane:chat")).IsGranted);

        await using var both = await StartAsync(request => ChannelDecision.Allow(request.Facility == "chat" ? request.Words : []), "rules = [{ words = [publish-peer], allow = on }]");
        Assert.True((await (await both.GateOfAsync(John)).PublishAsync("user:jane:chat")).IsGranted);
        Assert.False((await (await both.GateOfAsync(John)).PublishAsync("user:jane:mail")).IsGranted);
    }

    [Fact]
    public async Task The_policy_is_asked_with_the_request_that_the_client_came_with()
    {
        var asked = new List<ChannelRequest>();
        await using var server = await StartAsync(request =>
        {
            asked.Add(request);
            return ChannelDecision.Allow("subscribe-group");
        });
        var gate = await server.GateAsync("X-Tenant: 7");
        await gate.ConnectAsync(Gates.Connect(Jwt.Hs256(John)));

        Assert.True((await gate.SubscribeAsync("group:staff:x")).IsGranted);
        Assert.False((await gate.SubscribeAsync("broadcast:x")).IsGranted);
        Assert.False((await gate.SubscribeAsync("group:boss:x")).IsGranted);

        Assert.Equal([["subscribe-group"], ["subscribe-broadcast"]], asked.Select(request => request.Words));
        Assert.All(asked, request => Assert.Equal(("john", "x", "7", "/connection/websocket"),
            (request.Caller.User, request.Facility, request.Http.Request.Headers["X-Tenant"].ToString(), request.Http.Request.Path.Value)));
    }

    [Fact]
    public async Task A_policy_that_fails_allows_nothing_and_may_be_asked_again()
    {
        await using var server = await StartAsync(_ => throw new InvalidOperationException("the database at 10.0.0.1 is away"));
        var gate = await server.GateOfAsync(John);

        Assert.Equal(RichError.Internal, (await gate.SubscribeAsync("user:john:x")).Error);
        Assert.Contains("The channel policy failed", server.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_subscription_token_opens_its_channel_to_its_user()
    {
        await using var server = await StartAsync(_ => ChannelDecision.Refuse("never"));
        var gate = await server.GateOfAsync(John);
        var expires = Jwt.In(TimeSpan.FromMinutes(5));

        var granted = await gate.SubscribeAsync("user:jane:x", new { sub = "john", channel = "user:jane:x", exp = expires, info = 7 });

        Assert.True(granted.IsGranted);
        Assert.Equal(expires, granted.ExpiresAt!.Value.ToUnixTimeSeconds());
        Assert.Equal("7"u8.ToArray(), granted.Info.ToArray());
        Assert.Equal(RichError.TokenExpired, (await gate.SubscribeAsync("user:jane:x", new { sub = "john", channel = "user:jane:x", exp = Jwt.In(TimeSpan.FromSeconds(-30)) })).Error);
        Assert.Equal(RichError.PermissionDenied, (await gate.SubscribeAsync("user:jane:y", new { sub = "john", channel = "user:jane:x" })).Error);
        Assert.Equal(RichError.PermissionDenied, (await gate.SubscribeAsync("user:jane:x", new { sub = "jane", channel = "user:jane:x" })).Error);
        Assert.Equal(RichError.PermissionDenied, (await gate.SubscribeAsync("user:jane:x", new { channel = "user:jane:x" })).Error);
        Assert.Equal(RichError.PermissionDenied, (await gate.SubscribeAsync("user:jane:x", new { sub = "john" })).Error);
        Assert.Equal(RichError.PermissionDenied, (await gate.SubscribeAsync(ChannelName.User("jane", "x"), "garbage")).Error);
        Assert.Equal(RichError.UnknownChannel, (await gate.SubscribeAsync("raw", new { sub = "john", channel = "raw" })).Error);
    }

    private static Task<ClientServer> StartAsync(Func<ChannelRequest, ChannelDecision> decide, string settings = "") =>
        ClientServer.StartAsync(Gates.Key + "\n" + settings, services: services => services.AddSingleton<IChannelPolicy>(new Asked(decide)));

    private sealed class Asked(Func<ChannelRequest, ChannelDecision> decide) : IChannelPolicy
    {
        public ValueTask<ChannelDecision> DecideAsync(ChannelRequest request, CancellationToken cancellation) => new(decide(request));
    }
}
