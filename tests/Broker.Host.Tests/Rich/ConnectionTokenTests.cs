using System.Text;
using Broker.Actors.Audiences;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Rich.Protocol;
using Broker.Host.Tests.Clients;

namespace Broker.Host.Tests.Rich;

/// <summary>Who a rich client is: by a connection token, or by its request.</summary>
public sealed class ConnectionTokenTests
{
    [Fact]
    public async Task A_token_says_user_groups_session_info_expiry_and_channels()
    {
        await using var server = await ClientServer.StartAsync(Gates.Key);
        var gate = await server.GateAsync("Cookie: sessionid=cookie-1");
        var expires = Jwt.In(TimeSpan.FromMinutes(5));

        var subs = new Dictionary<string, object> { ["broadcast:y"] = new { } };

        var (identity, error, close) = await gate.ConnectAsync(Gates.Connect(Jwt.Hs256(
            new { sub = "john", groups = new[] { "staff" }, exp = expires, jti = "t-1", info = new { name = "John" }, channels = new[] { "user:john:x" }, subs, meta = "m" })));

        Assert.Null(error);
        Assert.Null(close);
        Assert.Equal(("john", "cookie-1", "t-1", expires), (identity!.Caller.User, identity.Caller.SessionKey, identity.Token!.Id, identity.ExpiresAt!.Value.ToUnixTimeSeconds()));
        Assert.Equal(["staff"], identity.Caller.Groups);
        Assert.Equal("""{"name":"John"}""", Encoding.UTF8.GetString(identity.Info.Span));
        Assert.Equal([ChannelName.User("john", "x"), ChannelName.Broadcast("y")], identity.ServerSubscriptions);
    }

    [Fact]
    public async Task Info_may_be_base64_and_expire_at_stands_above_exp()
    {
        await using var server = await ClientServer.StartAsync(Gates.Key);
        var gate = await server.GateAsync();

        var never = await gate.ConnectAsync(Gates.Connect(Jwt.Hs256(new { sub = "john", exp = Jwt.In(TimeSpan.FromMinutes(5)), expire_at = 0, b64info = Convert.ToBase64String("[1]"u8) })));
        var late = await gate.ConnectAsync(Gates.Connect(Jwt.Hs256(new { sub = "john", exp = Jwt.In(TimeSpan.FromMinutes(5)), expire_at = Jwt.In(TimeSpan.FromDays(1)) })));

        Assert.Null(never.Identity!.ExpiresAt);
        Assert.Equal("[1]", Encoding.UTF8.GetString(never.Identity.Info.Span));
        Assert.True(late.Identity!.ExpiresAt > DateTimeOffset.UtcNow.AddHours(23));
    }

    [Fact]
    public async Task An_expired_token_is_to_be_refreshed_and_an_invalid_one_is_the_end()
    {
        await using var server = await ClientServer.StartAsync(Gates.Key);
        var gate = await server.GateAsync();
        async Task<(RichError?, CloseReason?)> With(string token) => await gate.ConnectAsync(Gates.Connect(token)) is (null, var error, var close) ? (error, close) : default;
        var past = Jwt.In(TimeSpan.FromSeconds(-30));

        Assert.Equal((RichError.TokenExpired, null), await With(Jwt.Hs256(new { sub = "john", exp = past })));

        // The tolerance for clocks would let it in, to be closed at once.
        Assert.Equal((RichError.TokenExpired, null), await With(Jwt.Hs256(new { sub = "john", exp = Jwt.In(TimeSpan.FromSeconds(-1)) })));
        Assert.Equal((null, CloseReason.InvalidToken), await With(Jwt.Hs256(new { sub = "john", exp = past }, "another secret of more than 32 bytes")));
        Assert.Equal((null, CloseReason.InvalidToken), await With(Jwt.Hs256(new { sub = "john" }, "another secret of more than 32 bytes")));
        Assert.Equal((null, CloseReason.InvalidToken), await With(Jwt.Unsigned(new { sub = "john" })));
        Assert.Equal((null, CloseReason.InvalidToken), await With("garbage"));
        Assert.Equal((null, CloseReason.InvalidToken), await With(Jwt.Hs256(new { sub = "john", channel = "broadcast:x" })));
        Assert.Equal((null, CloseReason.InvalidToken), await With(Jwt.Hs256(new { sub = "john", channels = "broadcast:x" })));
        Assert.Equal((null, CloseReason.InvalidToken), await With(Jwt.Hs256(new { sub = "john", channels = new object[] { 1 } })));
        Assert.Equal((null, CloseReason.InvalidToken), await With(Jwt.Hs256(new { sub = "john", b64info = "?" })));
        Assert.Equal((null, CloseReason.InvalidToken), await With(Jwt.Hs256(new { sub = "john", expire_at = "soon" })));
        Assert.Equal((RichError.UnknownChannel, null), await With(Jwt.Hs256(new { sub = "john", channels = new[] { "no-such-namespace" } })));
    }

    [Fact]
    public async Task Without_a_token_a_client_is_who_its_request_was()
    {
        await using var server = await ClientServer.StartAsync(Gates.Key);
        await server.Node.SignInAsync("key-1", "john", ["staff"], TimeSpan.FromMinutes(1));

        var anonymous = await (await server.GateAsync()).ConnectAsync(Gates.Connect());
        var signedIn = await (await server.GateAsync("Cookie: sessionid=key-1")).ConnectAsync(Gates.Connect());
        var byHeader = await (await server.GateAsync($"Authorization: Bearer {Jwt.Hs256(new { sub = "jane", jti = "t-2" })}")).ConnectAsync(Gates.Connect());

        Assert.Equal(Caller.Anonymous, anonymous.Identity!.Caller);
        Assert.Equal("john", signedIn.Identity!.Caller.User);
        Assert.Equal(("jane", "t-2"), (byHeader.Identity!.Caller.User, byHeader.Identity.Token!.Id));
    }

    [Fact]
    public async Task A_bad_token_in_the_request_is_told_on_the_websocket_unless_a_good_one_comes_there()
    {
        await using var server = await ClientServer.StartAsync(Gates.Key);
        var gate = await server.GateAsync("Authorization: Bearer garbage");

        Assert.Equal(CloseReason.InvalidToken, (await gate.ConnectAsync(Gates.Connect())).Close);
        Assert.Equal("john", (await gate.ConnectAsync(Gates.Connect(Jwt.Hs256(new { sub = "john" })))).Identity!.Caller.User);
    }

    [Fact]
    public async Task Without_a_key_tokens_are_passed_over()
    {
        await using var server = await ClientServer.StartAsync();
        var gate = await server.GateAsync();

        Assert.Equal(Caller.Anonymous, (await gate.ConnectAsync(Gates.Connect("anything"))).Identity!.Caller);
        Assert.Equal(RichError.NotAvailable, (await gate.RefreshAsync("anything")).Error);
    }

    [Fact]
    public async Task A_refresh_changes_all_but_the_user()
    {
        await using var server = await ClientServer.StartAsync(Gates.Key);
        var gate = await server.GateAsync();
        var before = (await gate.ConnectAsync(Gates.Connect(Jwt.Hs256(new { sub = "john" }), """{"client":"tab-1"}"""))).Identity!;

        var after = await gate.RefreshAsync(Jwt.Hs256(new { sub = "john", groups = "staff", exp = Jwt.In(TimeSpan.FromMinutes(1)) }));

        Assert.Equal(["staff"], after.Identity!.Caller.Groups);
        Assert.Equal(before.Origin, after.Identity.Origin);
        Assert.True((await gate.SubscribeAsync("group:staff:x")).IsGranted);
        Assert.Equal(CloseReason.Expired, (await gate.RefreshAsync(Jwt.Hs256(new { sub = "john", exp = Jwt.In(TimeSpan.FromSeconds(-30)) }))).Close);
        Assert.Equal(CloseReason.InvalidToken, (await gate.RefreshAsync("garbage")).Close);
        Assert.Equal(CloseReason.InvalidToken, (await gate.RefreshAsync(Jwt.Hs256(new { sub = "jane" }))).Close);
        Assert.Equal(CloseReason.InvalidToken, (await gate.RefreshAsync(Jwt.Hs256(new { }))).Close);
    }

    [Theory]
    [InlineData("""{"client":"tab-1"}""", true)]
    [InlineData("""{"other":[],"client":"t"}""", true)]
    [InlineData("", false)]
    [InlineData("null", false)]
    [InlineData("\"tab-1\"", false)]
    [InlineData("""{"client":""}""", false)]
    [InlineData("""{"client":7}""", false)]
    [InlineData("""{"client":"\ud800"}""", false)]
    public async Task A_client_may_name_its_instance(string data, bool isNamed)
    {
        await using var server = await ClientServer.StartAsync(Gates.Key);
        async Task<string> OriginOf(string user) => (await (await server.GateAsync()).ConnectAsync(Gates.Connect(Jwt.Hs256(new { sub = user }), data))).Identity!.Origin;

        var origin = await OriginOf("john");

        Assert.Equal(isNamed, origin.Length > 0);
        Assert.Equal(origin, await OriginOf("john"));
        Assert.Equal(isNamed, origin != await OriginOf("jane"));
    }

    [Fact]
    public async Task A_name_of_an_instance_has_an_end()
    {
        await using var server = await ClientServer.StartAsync();
        async Task<string> OriginOf(int length) => (await (await server.GateAsync()).ConnectAsync(Gates.Connect("", $$"""{"client":"{{new string('x', length)}}"}"""))).Identity!.Origin;

        Assert.NotEmpty(await OriginOf(64));
        Assert.Empty(await OriginOf(65));
    }
}
