using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Rich;
using Broker.Actors.Serving;
using Broker.Actors.Sessions;
using Broker.Actors.Tests.Nodes;
using Broker.Actors.Tests.Rich;

namespace Broker.Actors.Tests.Serving;

/// <summary>What a server orders of rich clients.</summary>
public sealed class RichClientTests
{
    private static readonly ChannelName News = ChannelName.Broadcast("news");

    [Fact]
    public async Task A_client_is_subscribed_given_what_is_published_and_unsubscribed_again()
    {
        await using var test = await TestNode.StartAsync(TestNode.History);
        var john = await RichClient.ConnectAsync(test, new TestGate { User = "john" });
        var mary = await RichClient.ConnectAsync(test, new TestGate { User = "mary" });

        Assert.Equal(1, await test.Node.Server.SubscribeAsync(new ClientFilter { User = "john" }, News));
        await john.PushAsync(push => push.TryGetProperty("subscribe", out _), "the subscription");
        await TestNode.UntilAsync(() => test.Node.Server.FindChannelsAsync().Result.Channels.SequenceEqual([new ChannelCount("broadcast:news", 1)]), "it is counted");
        await test.Node.Server.PublishAsync(News, "{\"a\":1}"u8.ToArray());
        await john.PushAsync(push => push.TryGetProperty("pub", out var pub) && pub.GetProperty("data").GetProperty("a").GetInt32() == 1, "the publication");

        var found = Assert.Single((await test.Node.Server.FindClientsAsync(channel: News)).Clients).Client;
        Assert.Equal(("john", ConnectedClient.Rich), (found.User, found.Protocol));
        Assert.Equal(1, await test.Node.Server.UnsubscribeAsync(new ClientFilter { User = "john" }, channel: null));
        var unsubscribed = await john.PushAsync(push => push.TryGetProperty("unsubscribe", out _), "the end of it");
        Assert.Equal(2000, unsubscribed.GetProperty("unsubscribe").GetProperty("code").GetInt32());
        Assert.Empty(mary.Pushes);
    }

    [Fact]
    public async Task Whose_token_was_taken_back_on_the_way_in_is_closed_once_it_is_in_and_who_refreshes_with_one_too()
    {
        await using var test = await TestNode.StartAsync();
        var late = await RichClient.OpenAsync(test, new TestGate { User = "john", TakenBack = CloseReason.StateInvalidated });
        var gate = new TestGate { User = "john" };
        var open = await RichClient.ConnectAsync(test, gate);

        late.Send("\"connect\":{}");
        gate.TakenBack = CloseReason.StateInvalidated;
        open.Send("\"refresh\":{\"token\":\"t\"}");

        Assert.Equal(3014, await late.CodeAsync());
        Assert.Equal(3014, await open.CodeAsync());
    }

    [Fact]
    public async Task Whose_subscription_token_was_taken_back_on_the_way_in_is_unsubscribed_once_it_can_be_found_and_who_refreshes_with_one_too()
    {
        await using var test = await TestNode.StartAsync();
        var gate = new TestGate
        {
            OnSubscribe = (_, token) => Task.FromResult(Permission.Granted with { Token = new PresentedToken(token, "john", null) }),
            SubscriptionsTakenBack = ["bad"],
        };
        var client = await RichClient.ConnectAsync(test, gate);

        Assert.Equal(109, RichClient.ErrorOf(await client.AskAsync("\"subscribe\":{\"channel\":\"broadcast:late\",\"token\":\"bad\"}")));
        await client.AskAsync("\"subscribe\":{\"channel\":\"broadcast:news\",\"token\":\"good\"}");
        await client.AskAsync("\"subscribe\":{\"channel\":\"broadcast:other\",\"token\":\"good\"}");
        await client.AskAsync("\"sub_refresh\":{\"channel\":\"broadcast:news\",\"token\":\"bad\"}");

        var end = await client.PushAsync(push => push.TryGetProperty("unsubscribe", out _), "the end of it");
        Assert.Equal(("broadcast:news", 2502), (end.GetProperty("channel").GetString(), end.GetProperty("unsubscribe").GetProperty("code").GetInt32()));
        await TestNode.UntilAsync(() => client.Connection.Look().Channels.SequenceEqual([ChannelName.Broadcast("other")]), "the other stands");
        Assert.Equal(["good"], client.Connection.Look().SubscriptionTokens.Select(token => token.Id));
    }

    [Fact]
    public async Task A_connection_is_given_another_end_or_closed_with_the_code_that_was_asked_for()
    {
        await using var test = await TestNode.StartAsync();
        var john = await RichClient.ConnectAsync(test, new TestGate { User = "john" });
        var mary = await RichClient.ConnectAsync(test, new TestGate { User = "mary" });

        await test.Node.Server.RefreshAsync(new ClientFilter { Client = john.Connection.Id }, DateTimeOffset.UtcNow.AddHours(1));
        var refreshed = await john.PushAsync(push => push.TryGetProperty("refresh", out _), "the refresh");
        await test.Node.Server.DisconnectAsync(new ClientFilter { User = "john" });
        await test.Node.Server.DisconnectAsync(new ClientFilter { User = "mary" }, 4200, "later");

        Assert.InRange(refreshed.GetProperty("refresh").GetProperty("ttl").GetInt32(), 3000, 3600);
        Assert.Equal(new CloseReason(3503, "force disconnect"), await john.Closed.WaitAsync(TestNode.Soon));
        Assert.Equal(new CloseReason(4200, "later"), await mary.Closed.WaitAsync(TestNode.Soon));
    }
}
