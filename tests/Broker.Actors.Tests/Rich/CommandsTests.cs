using Broker.Actors.Channels;
using Broker.Actors.Rich;
using Broker.Actors.Rich.Protocol;
using Broker.Actors.Tests.Nodes;

namespace Broker.Actors.Tests.Rich;

/// <summary>What a rich client may say, and what it is answered.</summary>
public sealed class CommandsTests
{
    private const string News = "broadcast:news";

    [Fact]
    public async Task A_client_connects_subscribes_publishes_and_hears_its_own_publication()
    {
        await using var test = await TestNode.StartAsync();
        var client = await RichClient.OpenAsync(test);

        var connected = await client.AskAsync("\"connect\":{\"name\":\"js\",\"version\":\"1\"}");
        await client.AskAsync($"\"subscribe\":{{\"channel\":\"{News}\"}}");
        var published = await client.AskAsync($"\"publish\":{{\"channel\":\"{News}\",\"data\":{{\"n\": 1}}}}");
        await client.UntilPublicationsAsync(1);

        Assert.Equal(client.Connection.Id, connected.GetProperty("connect").GetProperty("client").GetString());
        Assert.Equal(25, connected.GetProperty("connect").GetProperty("ping").GetInt32());
        Assert.True(published.TryGetProperty("publish", out _));
        Assert.Equal(["{\"n\": 1}"], client.Publications);
        var look = client.Connection.Look();
        Assert.Equal(("rich", "js", "1"), (look.Protocol, look.Name, look.Version));
        Assert.Equal([ChannelName.Broadcast("news")], look.Channels);
    }

    [Theory]
    [InlineData("{\"id\":1,\"subscribe\":{\"channel\":\"broadcast:news\"}}", 3501)]
    [InlineData("{}", 3501)]
    [InlineData("nonsense", 3501)]
    [InlineData("{\"id\":1,\"connect\":{}}\n{\"id\":2,\"connect\":{}}", 3501)]
    [InlineData("{\"id\":1,\"connect\":{}}\n{\"id\":2,\"subscribe\":{}}", 3501)]
    [InlineData("{\"id\":1,\"connect\":{}}\n{\"id\":2,\"refresh\":{}}", 3501)]
    public async Task Who_does_not_keep_to_the_protocol_is_closed(string frame, int code)
    {
        await using var test = await TestNode.StartAsync();
        var client = await RichClient.OpenAsync(test);

        client.SendRaw(frame);

        Assert.Equal(code, await client.CodeAsync());
    }

    [Theory]
    [InlineData("\"subscribe\":{\"channel\":\"anything\"}", 102)]
    [InlineData("\"publish\":{\"channel\":\"user::x\",\"data\":1}", 102)]
    [InlineData("\"publish\":{\"channel\":\"broadcast:news\"}", 107)]
    [InlineData("\"history\":{\"channel\":\"broadcast:news\",\"limit\":1}", 108)]
    [InlineData("\"presence\":{\"channel\":\"broadcast:news\"}", 108)]
    [InlineData("\"sub_refresh\":{\"channel\":\"broadcast:news\",\"token\":\"t\"}", 103)]
    [InlineData("\"rpc\":{\"method\":\"nothing\"}", 104)]
    [InlineData("\"dance\":{}", 104)]
    [InlineData("\"subscribe\":{\"channel\":\"broadcast:closed\"}", 103)]
    [InlineData("\"publish\":{\"channel\":\"broadcast:closed\",\"data\":1}", 103)]
    public async Task A_mistake_gets_its_code_and_ends_nothing(string method, int code)
    {
        await using var test = await TestNode.StartAsync("channels = [ { facility = closed, subscribe = off, publish = off } ]");
        var client = await RichClient.ConnectAsync(test);

        var answer = await client.AskAsync(method);

        Assert.Equal(code, RichClient.ErrorOf(answer));
        Assert.True((await client.AskAsync("\"rpc\":{\"method\":\"echo\",\"data\":[1]}")).TryGetProperty("rpc", out _));
    }

    [Fact]
    public async Task A_channel_is_subscribed_once_and_again_after_it_was_left()
    {
        await using var test = await TestNode.StartAsync();
        var client = await RichClient.ConnectAsync(test);

        var first = client.Send($"\"subscribe\":{{\"channel\":\"{News}\"}}");
        var second = client.Send($"\"subscribe\":{{\"channel\":\"{News}\"}}");
        var left = client.Send($"\"unsubscribe\":{{\"channel\":\"{News}\"}}");
        var third = client.Send($"\"subscribe\":{{\"channel\":\"{News}\"}}");

        Assert.Equal(105, RichClient.ErrorOf(await client.AnswerAsync(second)));
        Assert.True((await client.AnswerAsync(left)).TryGetProperty("unsubscribe", out _));
        Assert.True((await client.AnswerAsync(third)).TryGetProperty("subscribe", out _));
        await client.AnswerAsync(first);
        await test.StrangerPublishesAsync(ChannelName.Broadcast("news"), "1");
        await client.UntilPublicationsAsync(1);
        Assert.Single(client.Publications);
    }

    [Fact]
    public async Task Each_limit_of_a_connection_has_its_code()
    {
        await using var test = await TestNode.StartAsync(
            "max-message = 100, limits { channels-per-connection = 1, channel-length = 20, publish-rate = 1, command-rate = 10, refusals = 5, user-connections = 1 }");
        var client = await RichClient.ConnectAsync(test, new TestGate { User = "john" });
        await client.AskAsync($"\"subscribe\":{{\"channel\":\"{News}\"}}");

        Assert.Equal(106, RichClient.ErrorOf(await client.AskAsync("\"subscribe\":{\"channel\":\"broadcast:more\"}")));
        Assert.Equal(107, RichClient.ErrorOf(await client.AskAsync("\"subscribe\":{\"channel\":\"broadcast:much-too-long\"}")));
        Assert.Equal(107, RichClient.ErrorOf(await client.AskAsync($"\"publish\":{{\"channel\":\"{News}\",\"data\":\"{new string('x', 100)}\"}}")));

        var other = await RichClient.OpenAsync(test, new TestGate { User = "john" });
        other.Send("\"connect\":{}");
        Assert.Equal(3504, await other.CodeAsync());

        var answers = new List<int>();
        for (var i = 0; i < 4; i++) answers.Add(client.Send($"\"publish\":{{\"channel\":\"{News}\",\"data\":1}}"));
        var codes = await Task.WhenAll(answers.Select(async id => RichClient.ErrorOf(await client.AnswerAsync(id))));
        Assert.Equal([0, 0, 111, 111], codes);
        for (var i = 0; i < 30; i++) client.Send("\"rpc\":{\"method\":\"echo\"}");
        Assert.Equal(3013, await client.CodeAsync());

        // The place is free again.
        await TestNode.UntilAsync(() => test.Node.Metrics.Connections == 0, "all connections gone");
        await RichClient.ConnectAsync(test, new TestGate { User = "john" });
    }

    [Fact]
    public async Task Who_does_not_connect_or_answer_pings_is_closed()
    {
        await using var test = await TestNode.StartAsync("rich { connect-timeout = 50ms, ping-interval = 1s, pong-timeout = 100ms }");
        var silent = await RichClient.OpenAsync(test);
        var deaf = await RichClient.ConnectAsync(test, new TestGate { User = "deaf" });

        Assert.Equal(3502, await silent.CodeAsync());
        Assert.Equal(3012, await deaf.CodeAsync());
        Assert.Contains("{}", deaf.Lines);
    }

    [Fact]
    public async Task A_connection_is_refreshed_in_place_and_ends_when_it_is_not()
    {
        await using var test = await TestNode.StartAsync("rich { refresh-grace = 0s }");
        var later = DateTimeOffset.UtcNow.AddHours(1);
        var gate = new TestGate
        {
            User = "john",
            ExpiresAt = DateTimeOffset.UtcNow.AddSeconds(3),
            OnRefresh = token => new Admission(new TestGate { User = token, ExpiresAt = later }.Identity),
        };
        var refreshed = await RichClient.ConnectAsync(test, gate);
        var stranger = await RichClient.ConnectAsync(test, gate);
        var forgetful = await RichClient.ConnectAsync(test, gate);

        var answer = await refreshed.AskAsync("\"refresh\":{\"token\":\"john\"}");
        stranger.Send("\"refresh\":{\"token\":\"jane\"}");

        Assert.InRange(answer.GetProperty("refresh").GetProperty("ttl").GetInt32(), 3500, 3600);
        Assert.Equal(3500, await stranger.CodeAsync());
        Assert.Equal(3005, await forgetful.CodeAsync());
        Assert.False(refreshed.Closed.IsCompleted);
    }

    [Fact]
    public async Task A_subscription_that_is_not_refreshed_ends_and_may_be_made_again()
    {
        await using var test = await TestNode.StartAsync("rich { refresh-grace = 0s }");
        var client = await RichClient.ConnectAsync(test, new TestGate
        {
            OnSubscribe = (_, token) => Task.FromResult(Permission.Granted with { ExpiresAt = DateTimeOffset.UtcNow.AddSeconds(token == "long" ? 3600 : 1) }),
        });

        await client.AskAsync($"\"subscribe\":{{\"channel\":\"{News}\"}}");
        await client.AskAsync("\"subscribe\":{\"channel\":\"broadcast:kept\"}");
        await client.AskAsync("\"sub_refresh\":{\"channel\":\"broadcast:kept\",\"token\":\"long\"}");

        var push = await client.PushAsync(push => push.TryGetProperty("unsubscribe", out _), "an end");
        Assert.Equal((News, 2501), (push.GetProperty("channel").GetString(), push.GetProperty("unsubscribe").GetProperty("code").GetInt32()));
        Assert.Equal(0, RichClient.ErrorOf(await client.AskAsync($"\"subscribe\":{{\"channel\":\"{News}\"}}")));
        Assert.Equal(105, RichClient.ErrorOf(await client.AskAsync("\"subscribe\":{\"channel\":\"broadcast:kept\"}")));
    }

    [Fact]
    public async Task The_server_subscribes_with_the_connection_and_later()
    {
        await using var test = await TestNode.StartAsync(TestNode.History);
        var channel = ChannelName.User("john", "mail");
        var client = await RichClient.OpenAsync(test, new TestGate { User = "john", ServerSubscriptions = [channel] });

        var connected = await client.AskAsync("\"connect\":{}");
        await test.Node.Publisher("mail", Audiences.Audience.Users("john")).PublishAsync("1");
        await client.UntilPublicationsAsync(1);
        client.Order(new SubscribeClient(ChannelName.Broadcast("news"), default, null, default, default));
        var push = await client.PushAsync(push => push.TryGetProperty("subscribe", out _), "a subscription");
        client.Order(new UnsubscribeClient(channel, UnsubscribeCode.Server));

        Assert.True(connected.GetProperty("connect").GetProperty("subs").TryGetProperty("user:john:mail", out var sub));
        Assert.True(sub.GetProperty("recoverable").GetBoolean());
        Assert.Equal(News, push.GetProperty("channel").GetString());
        var end = await client.PushAsync(push => push.TryGetProperty("unsubscribe", out _), "its end");
        Assert.Equal("user:john:mail", end.GetProperty("channel").GetString());
    }

    [Fact]
    public async Task While_redis_is_away_a_publish_and_a_subscribe_fail_for_now()
    {
        await using var test = await TestNode.StartAsync("redis.timeout = 500ms, rich.subscribe-timeout = 300ms", "redis");
        var client = await RichClient.ConnectAsync(test);
        await client.AskAsync($"\"subscribe\":{{\"channel\":\"{News}\"}}");

        await test.Server!.PauseAsync();
        var published = await client.AskAsync($"\"publish\":{{\"channel\":\"{News}\",\"data\":1}}");
        var subscribed = await client.AskAsync("\"subscribe\":{\"channel\":\"broadcast:new\"}");

        Assert.Equal((100, true), (RichClient.ErrorOf(published), published.GetProperty("error").GetProperty("temporary").GetBoolean()));
        Assert.Equal(100, RichClient.ErrorOf(subscribed));
        await test.Server.ResumeAsync();
        await client.UntilAnsweredAsync("\"subscribe\":{\"channel\":\"broadcast:new\"}");
        Assert.Single(client.Lines, line => line.Contains($"\"id\":{subscribed.GetProperty("id")},", StringComparison.Ordinal));
    }

    [Fact]
    public async Task When_the_node_stops_rich_clients_are_told_to_come_again()
    {
        await using var test = await TestNode.StartAsync();
        var client = await RichClient.ConnectAsync(test);

        await test.Node.StopAsync();

        Assert.Equal(3001, await client.CodeAsync());
    }

    [Fact]
    public async Task Who_is_there_is_told()
    {
        await using var test = await TestNode.StartAsync("presence = on");
        var one = await RichClient.ConnectAsync(test, new TestGate { User = "john" });
        var two = await RichClient.ConnectAsync(test, new TestGate { User = "jane" });
        await one.AskAsync($"\"subscribe\":{{\"channel\":\"{News}\",\"join_leave\":true}}");
        await two.AskAsync($"\"subscribe\":{{\"channel\":\"{News}\"}}");

        await one.PushAsync(push => push.TryGetProperty("join", out var join) && join.GetProperty("info").GetProperty("user").GetString() == "jane", "a join");
        var stats = await one.AskAsync($"\"presence_stats\":{{\"channel\":\"{News}\"}}");
        var presence = await one.AskAsync($"\"presence\":{{\"channel\":\"{News}\"}}");
        await two.AskAsync($"\"unsubscribe\":{{\"channel\":\"{News}\"}}");

        await one.PushAsync(push => push.TryGetProperty("leave", out _), "a leave");
        Assert.Equal((2, 2), (stats.GetProperty("presence_stats").GetProperty("num_clients").GetInt32(), stats.GetProperty("presence_stats").GetProperty("num_users").GetInt32()));
        Assert.True(presence.GetProperty("presence").GetProperty("presence").TryGetProperty(two.Connection.Id, out _));
        Assert.DoesNotContain(two.Pushes, push => push.TryGetProperty("join", out _) || push.TryGetProperty("leave", out _));
    }
}
