using System.Security.Cryptography;
using Broker.Actors.Connections;
using Broker.Actors.Rich;
using Broker.Actors.Rich.Protocol;
using Broker.Host.Identity;
using Broker.Host.Tests.Clients;
using Broker.Testing.Redis;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Broker.Host.Tests.Rich;

/// <summary>Credentials that have been taken back open no door.</summary>
public sealed class RevocationTests
{
    private const string Socket = "/ws/foobar?subscribe-user";

    private static readonly DateTimeOffset Later = DateTimeOffset.UtcNow.AddHours(1);

    [Fact]
    public async Task A_revoked_token_counts_as_expired()
    {
        await using var server = await ClientServer.StartAsync(Gates.Key);
        var token = Jwt.Hs256(new { sub = "john", jti = "t-1" });
        var other = Jwt.Hs256(new { sub = "john", jti = "t-2" });

        await server.Node.Revocations.RevokeTokenAsync("t-1", Later);

        Assert.Equal(RichError.TokenExpired, (await (await server.GateAsync()).ConnectAsync(Gates.Connect(token))).Error);
        var gate = await server.GateOfAsync(new { sub = "john", jti = "t-2" });
        Assert.Equal(CloseReason.Expired, (await gate.RefreshAsync(token)).Close);
        Assert.NotNull((await gate.RefreshAsync(other)).Identity);
        Assert.Equal(401, await server.StatusAsync(Socket, $"Authorization: Bearer {token}"));
        Assert.Equal(101, await server.StatusAsync(Socket, $"Authorization: Bearer {other}"));
    }

    [Fact]
    public async Task A_users_older_tokens_are_revoked_and_newer_ones_are_not()
    {
        await using var server = await ClientServer.StartAsync(Gates.Key);
        var now = DateTimeOffset.UtcNow;
        async Task<RichError?> With(object claims) => (await (await server.GateAsync()).ConnectAsync(Gates.Connect(Jwt.Hs256(claims)))).Error;

        await server.Node.Revocations.RevokeUserTokensAsync("john", now, Later);
        await server.Node.Revocations.RevokeUserTokensAsync("john", now.AddDays(-1), Later);

        Assert.Equal(RichError.TokenExpired, await With(new { sub = "john", iat = now.ToUnixTimeSeconds() - 1 }));
        Assert.Equal(RichError.TokenExpired, await With(new { sub = "john" }));
        Assert.Null(await With(new { sub = "john", iat = now.ToUnixTimeSeconds() + 1 }));
        Assert.Null(await With(new { sub = "jane", iat = now.ToUnixTimeSeconds() - 1 }));
    }

    // Only tokens of connections were looked up: who had a token for a channel subscribed with it again and again until it expired, whoever had taken it back.
    [Fact]
    public async Task A_token_for_a_channel_counts_as_expired_too_by_its_id_and_by_its_time()
    {
        await using var server = await ClientServer.StartAsync(Gates.Key);
        var now = DateTimeOffset.UtcNow;
        var john = await server.GateOfAsync(new { sub = "john", iat = now.ToUnixTimeSeconds() + 1 });
        ValueTask<Permission> With(object claims) => john.SubscribeAsync("user:jane:x", claims);

        await server.Node.Revocations.RevokeTokenAsync("s-1", Later);
        Assert.Equal(RichError.TokenExpired, (await With(new { sub = "john", jti = "s-1", channel = "user:jane:x" })).Error);
        Assert.True((await With(new { sub = "john", jti = "s-2", channel = "user:jane:x" })).IsGranted);

        await server.Node.Revocations.RevokeUserTokensAsync("john", now, Later);
        Assert.Equal(RichError.TokenExpired, (await With(new { sub = "john", jti = "s-2", channel = "user:jane:x" })).Error);
        Assert.Equal(RichError.TokenExpired, (await With(new { sub = "john", iat = now.ToUnixTimeSeconds() - 1, channel = "user:jane:x" })).Error);
        Assert.True((await With(new { sub = "john", iat = now.ToUnixTimeSeconds() + 1, channel = "user:jane:x" })).IsGranted);
    }

    // A session that a token for a channel names was not looked up.
    [Fact]
    public async Task A_token_for_a_channel_ends_with_the_session_that_it_names()
    {
        await using var server = await ClientServer.StartAsync(Gates.Key);
        var john = await server.GateOfAsync(new { sub = "john" });
        object claims = new { sub = "john", sid = "key-1", channel = "user:jane:x" };
        var taken = await john.SubscribeAsync("user:jane:x", claims);
        Assert.True(taken.IsGranted);

        await server.Node.Server.RevokeSessionAsync("key-1");

        Assert.True(await john.LookAgainAsync(taken));
        Assert.Equal(RichError.PermissionDenied, (await john.SubscribeAsync("user:jane:x", claims)).Error);
        Assert.True((await john.SubscribeAsync("user:jane:x", new { sub = "john", sid = "key-2", channel = "user:jane:x" })).IsGranted);
    }

    [Fact]
    public async Task What_is_taken_back_while_a_subscription_is_on_its_way_is_looked_at_again()
    {
        await using var server = await ClientServer.StartAsync(Gates.Key);
        var john = await server.GateOfAsync(new { sub = "john" });
        var taken = await john.SubscribeAsync("user:jane:x", new { sub = "john", jti = "s-1", channel = "user:jane:x" });
        var other = await john.SubscribeAsync("user:jane:x", new { sub = "john", jti = "s-2", channel = "user:jane:x" });
        Assert.False(await john.LookAgainAsync(taken));

        await server.Node.Server.RevokeTokenAsync("s-1");

        Assert.True(await john.LookAgainAsync(taken));
        Assert.False(await john.LookAgainAsync(other));
        Assert.False(await john.LookAgainAsync(Permission.Granted));
    }

    // Both read what was there before, and who wrote last had the last word.
    [Fact]
    public async Task Of_calls_at_the_same_time_the_one_that_revokes_most_is_in_force()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var one = await ClientServer.StartAsync($"{Gates.Key}\nredis.connection = \"{redis.ConnectionString}\"");
        var now = DateTimeOffset.UtcNow;

        await Task.WhenAll(Enumerable.Range(1, 100).Select(i => one.Node.Revocations.RevokeUserTokensAsync("john", now.AddMinutes(-(i * 37 % 100)), Later)));

        Assert.Equal(RichError.TokenExpired, (await (await one.GateAsync()).ConnectAsync(Gates.Connect(Jwt.Hs256(new { sub = "john", iat = now.ToUnixTimeSeconds() - 30 })))).Error);
    }

    [Fact]
    public async Task A_revoked_session_is_the_end_by_cookie_and_by_token()
    {
        await using var server = await ClientServer.StartAsync(Gates.Key);
        await server.Node.SignInAsync("key-1", "john", [], TimeSpan.FromMinutes(1));
        Assert.Equal(101, await server.StatusAsync(Socket, "Cookie: sessionid=key-1"));

        await server.Node.Revocations.RevokeSessionAsync(Convert.ToHexStringLower(SHA256.HashData("key-1"u8)), Later);

        Assert.Equal(CloseReason.InvalidToken, (await (await server.GateAsync("Cookie: sessionid=key-1")).ConnectAsync(Gates.Connect())).Close);
        Assert.Equal(CloseReason.InvalidToken, (await (await server.GateAsync()).ConnectAsync(Gates.Connect(Jwt.Hs256(new { sub = "john", sid = "key-1" })))).Close);
        Assert.Equal(401, await server.StatusAsync(Socket, "Cookie: sessionid=key-1"));
        Assert.False(await server.Node.SignOutAsync("key-1"));
    }

    // Who had been looked at just before, and was not there yet when the clients were closed, stayed in until its token expired.
    [Fact]
    public async Task Who_is_on_the_way_in_while_it_is_taken_back_is_looked_at_again()
    {
        await using var server = await ClientServer.StartAsync(Gates.Key);
        var taken = await server.GateOfAsync(new { sub = "john", jti = "t-1" });
        var other = await server.GateOfAsync(new { sub = "john", jti = "t-2" });
        var byCookie = await server.GateAsync("Cookie: sessionid=key-1");
        Assert.NotNull((await byCookie.ConnectAsync(Gates.Connect())).Identity);
        var identity = server.Services.GetRequiredService<IdentityChain>();
        var request = new DefaultHttpContext { RequestServices = server.Services, Request = { Headers = { Authorization = "Bearer " + Jwt.Hs256(new { sub = "john", jti = "t-1" }) } } };
        var onHisWay = (await identity.IdentifyAsync(request, server.Services)).Value!;
        Assert.Null(await identity.LookAgainAsync(onHisWay, default));

        Assert.Equal(0, await server.Node.Server.RevokeTokenAsync("t-1"));
        Assert.Equal(0, await server.Node.Server.RevokeSessionAsync("key-1"));

        Assert.Equal(CloseReason.StateInvalidated, await taken.LookAgainAsync());
        Assert.Null(await other.LookAgainAsync());
        Assert.Equal(CloseReason.InvalidToken, await byCookie.LookAgainAsync());
        Assert.Equal(401, (await identity.LookAgainAsync(onHisWay, default))!.Status);
    }

    [Fact]
    public async Task What_would_have_expired_already_leaves_nothing()
    {
        await using var server = await ClientServer.StartAsync(Gates.Key);

        await server.Node.Revocations.RevokeTokenAsync("t-1", DateTimeOffset.UtcNow.AddSeconds(-1));

        await server.GateOfAsync(new { sub = "john", jti = "t-1" });
    }

    [Fact]
    public async Task Every_node_of_a_redis_knows_and_the_list_expires_by_itself()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var server = await ClientServer.StartAsync($"{Gates.Key}\nprefix = app\nredis.connection = \"{redis.ConnectionString}\"");

        await server.Node.Revocations.RevokeTokenAsync("t-1", DateTimeOffset.UtcNow.AddSeconds(100));

        Assert.InRange(int.Parse(await redis.CliAsync("TTL", "app:broker:revoked:token:t-1"), System.Globalization.CultureInfo.InvariantCulture), 90, 100);
    }

    [Fact]
    public async Task Without_redis_a_token_opens_no_door_for_rich_clients()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var server = await ClientServer.StartAsync($"{Gates.Key}\nredis.timeout = 300ms\nredis.connection = \"{redis.ConnectionString}\"");
        var known = await server.GateOfAsync(new { sub = "john", jti = "t-1" });
        redis.Kill();
        await Eventually.IsTrueAsync(async () => !await server.Node.IsRedisUpAsync());

        Assert.Equal(RichError.Internal, (await (await server.GateAsync()).ConnectAsync(Gates.Connect(Jwt.Hs256(new { sub = "john" })))).Error);
        Assert.Equal(RichError.Internal, (await known.RefreshAsync(Jwt.Hs256(new { sub = "john" }))).Error);
        Assert.Equal(RichError.Internal, (await known.SubscribeAsync("user:jane:x", new { sub = "john", channel = "user:jane:x" })).Error);
        Assert.Equal(RichError.Internal, (await (await server.GateAsync("Cookie: sessionid=key-1")).ConnectAsync(Gates.Connect())).Error);
        Assert.NotNull((await (await server.GateAsync()).ConnectAsync(Gates.Connect())).Identity);

        // ws4redis mode has no such answer: there websocket.without-redis decides.
        Assert.Equal(101, await server.StatusAsync("/ws/foobar?subscribe-user", $"Authorization: Bearer {Jwt.Hs256(new { sub = "john" })}"));
    }
}
