using System.Text;
using Broker.Actors.Audiences;
using Broker.Actors.Channels;
using Broker.Actors.Nodes;
using Broker.Actors.Publishing;
using Broker.Actors.Settings;
using Broker.Actors.Subscribing;

namespace Broker.Actors.Tests.Nodes;

/// <summary>The in-process API as README shows it.</summary>
public sealed class ApiTests() : TestKit(ConfigurationFactory.ParseString(Configuration.EngineText(Configuration.Default())))
{
    private static readonly ChannelName News = ChannelName.Broadcast("news");
    private static readonly Caller John = new("john", ["staff", "chess"], "s3cret");

    [Theory]
    [InlineData("")]
    [InlineData(TestNode.History)]
    public async Task An_actor_of_the_application_subscribes_and_publishes_with_messages(string history)
    {
        await using var test = await TestNode.StartAsync(history);
        test.Node.Actor.Tell(new Subscribe(News, TestActor), TestActor);
        var start = ExpectMsg<Subscribed>(TestNode.Soon);
        Assert.False(start.Recovered);

        test.Node.Actor.Tell(new Publish(News, "hello"u8.ToArray()), TestActor);
        var answers = new[] { ReceiveOne(TestNode.Soon), ReceiveOne(TestNode.Soon) };
        Assert.Single(answers.OfType<Published>());
        Assert.Equal("hello", Encoding.UTF8.GetString(answers.OfType<Publication>().Single().Payload.Span));

        test.Node.Actor.Tell(new Publish(News, new byte[100_000]), TestActor);
        Assert.Equal(PublishProblem.TooLarge, ExpectMsg<PublishFailed>(TestNode.Soon).Problem);

        test.Node.Actor.Tell(new Unsubscribe(News, TestActor), TestActor);
        await TestNode.UntilAsync(() => test.Node.Metrics.Relays == 0, "the subscription has ended");
    }

    [Fact]
    public async Task An_actor_that_stops_ends_its_subscription()
    {
        await using var test = await TestNode.StartAsync();
        var probe = CreateTestProbe();
        test.Node.Actor.Tell(new Subscribe(News, probe.Ref), TestActor);
        probe.ExpectMsg<Subscribed>(TestNode.Soon);

        Sys.Stop(probe.Ref);

        await TestNode.UntilAsync(() => test.Node.Metrics is { Connections: 0, Relays: 0 }, "the subscription has ended");
    }

    [Fact]
    public async Task An_actor_that_subscribes_again_under_load_gets_all_that_follows_in_order()
    {
        await using var test = await TestNode.StartAsync(TestNode.History);
        test.Node.Actor.Tell(new Subscribe(News, TestActor), TestActor);
        var last = ExpectMsg<Subscribed>(TestNode.Soon).Position;
        var publishing = Task.Run(async () =>
        {
            for (var i = 0; i < 2000; i++) await test.Node.Publisher("news").PublishAsync($"{i}");
        });

        while (!publishing.IsCompleted)
        {
            test.Node.Actor.Tell(new Subscribe(News, TestActor, last), TestActor);
            Assert.True(FishForMessage<Subscribed>(_ => true, TestNode.Soon).Recovered);
            for (var i = 0; i < 20 && last.Offset < 2000; i++)
            {
                var next = ExpectMsg<Publication>(TestNode.Soon).Position;
                Assert.Equal(last with { Offset = last.Offset + 1 }, next);
                last = next;
            }
        }

        await publishing;
        while (last.Offset < 2000) last = ExpectMsg<Publication>(TestNode.Soon).Position;
    }

    [Fact]
    public async Task An_actor_hears_that_its_subscription_ended_because_the_node_stopped()
    {
        // Nothing told it: it waited for publications for ever.
        await using var test = await TestNode.StartAsync();
        test.Node.Actor.Tell(new Subscribe(News, TestActor), TestActor);
        ExpectMsg<Subscribed>(TestNode.Soon);

        await test.Node.StopAsync();

        Assert.Equal(new Unsubscribed(News, UnsubscribeReason.NodeStops), ExpectMsg<Unsubscribed>(TestNode.Soon));
    }

    [Fact]
    public async Task A_node_lives_in_an_actor_system_that_the_application_runs_and_leaves_it_running()
    {
        var node = await BrokerNode.StartAsync(Sys, Configuration.Parse("broker { redis.connection = \"\", shutdown.drain = 0s }"));
        node.Actor.Tell(new Subscribe(News, TestActor), TestActor);
        ExpectMsg<Subscribed>(TestNode.Soon);
        await node.Publisher("news").PublishAsync("hello");
        Assert.Equal("hello", Encoding.UTF8.GetString(ExpectMsg<Publication>(TestNode.Soon).Payload.Span));

        await Task.WhenAll(node.StopAsync(), node.StopAsync()).WaitAsync(TestNode.Soon);

        var probe = CreateTestProbe();
        probe.Ref.Tell("the system lives", TestActor);
        probe.ExpectMsg("the system lives", TestNode.Soon);
    }

    [Fact]
    public async Task Self_is_the_callers_own_user_groups_and_session()
    {
        await using var test = await TestNode.StartAsync();
        var publisher = test.Node.Publisher("news", Audience.Self);

        var published = await publisher.For(John).PublishAsync("to himself");

        Assert.Equal(
            ["user:john:news", "group:staff:news", "group:chess:news", "session:s3cret:news"],
            published.Select(one => one.Channel.ToRedis("")));
        Assert.Empty(await publisher.For(Caller.Anonymous).PublishAsync("to nobody"));
        await Assert.ThrowsAsync<InvalidOperationException>(() => publisher.PublishAsync("by nobody"));
    }

    [Fact]
    public async Task A_message_is_fetched_from_the_session_the_user_the_groups_and_then_from_everybody()
    {
        await using var test = await TestNode.StartAsync();
        await test.Node.Publisher("news").PublishAsync("broadcast");
        Assert.Equal("broadcast", await FetchAsync(test));

        await test.Node.Publisher("news", Audience.Groups("chess")).PublishAsync("chess");
        Assert.Equal("chess", await FetchAsync(test));
        await test.Node.Publisher("news", Audience.Groups("staff")).PublishAsync("staff");
        Assert.Equal("staff", await FetchAsync(test));
        await test.Node.Publisher("news", Audience.Users("john")).PublishAsync("user");
        Assert.Equal("user", await FetchAsync(test));
        await test.Node.Publisher("news", Audience.Sessions("s3cret")).PublishAsync("session");
        Assert.Equal("session", await FetchAsync(test));

        Assert.Equal("broadcast", await FetchAsync(test, FetchFrom.Broadcast));
        Assert.True(await test.Node.RemoveMessageAsync(ChannelName.Session("s3cret", "news")));
        Assert.Equal("user", await FetchAsync(test));
        Assert.Null(await test.Node.FetchMessageAsync(John, "other"));
    }

    [Fact]
    public async Task A_session_that_signed_in_is_known_until_it_signs_out()
    {
        await using var test = await TestNode.StartAsync();

        await test.Node.SignInAsync("s3cret", "john", ["staff"], TimeSpan.FromMinutes(1));
        var known = await test.Node.Sessions.FindAsync("s3cret");
        Assert.Equal(("john", "s3cret"), (known.User, known.SessionKey));
        Assert.Equal(["staff"], known.Groups);

        Assert.True(await test.Node.SignOutAsync("s3cret"));
        Assert.False((await test.Node.Sessions.FindAsync("s3cret")).IsAuthenticated);
    }

    [Fact]
    public async Task A_worker_without_a_node_publishes_straight_on_Redis()
    {
        await using var test = await TestNode.StartAsync("", "redis");
        await using var reading = await Reading.OfAsync(test.Node, News);
        await using var worker = await RedisPublisher.ConnectAsync(Configuration.Parse($"broker.redis.connection = \"{test.Server!.ConnectionString}\""));

        await worker.Publisher("news").PublishAsync("from a worker", expire: 60);

        await reading.UntilCountAsync(1);
        Assert.Equal(["from a worker"], reading.Texts);
        Assert.Equal("from a worker", await test.Server.CliAsync("GET", "broadcast:news"));
    }

    [Fact]
    public async Task A_repeated_publish_id_is_answered_with_the_first_position()
    {
        await using var test = await TestNode.StartAsync(TestNode.History);

        var first = await test.Node.Publisher("news").PublishAsync("x", publishId: "once");
        var second = await test.Node.Publisher("news").PublishAsync("x", publishId: "once");

        Assert.Equal(first[0].Position, second[0].Position);
        Assert.Single(await test.StreamAsync(News));
    }

    private static async Task<string?> FetchAsync(TestNode test, FetchFrom from = FetchFrom.Any) =>
        await test.Node.FetchMessageAsync(John, "news", from) is { } message ? Encoding.UTF8.GetString(message) : null;
}
