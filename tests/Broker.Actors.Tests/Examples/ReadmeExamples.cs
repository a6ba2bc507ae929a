using System.Text;
using Broker.Actors.Audiences;
using Broker.Actors.Channels;
using Broker.Actors.Nodes;
using Broker.Actors.Publishing;
using Broker.Actors.Settings;
using Broker.Actors.Subscribing;

namespace Broker.Actors.Tests.Examples;

/// <summary>The examples of the README and of the in-process API, compiled and run.</summary>
public sealed class ReadmeExamples
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Notify_a_user_from_server_code()
    {
        await using var node = await StartAsync();
        await using var inbox = node.SubscribeAsync(ChannelName.User("john", "notices"));
        await inbox.StartAsync().WaitAsync(Soon);

        await node.Publisher("notices", Audience.Users("john")).PublishAsync("Your parcel has arrived.");

        Assert.Equal("Your parcel has arrived.", await FirstAsync(inbox));
    }

    [Fact]
    public async Task Fetch_the_newest_GPS_position_that_a_vehicle_has_published()
    {
        await using var node = await StartAsync();
        var vehicle = new Caller("truck-7", [], null);
        await node.Publisher("gps", Audience.Self).For(vehicle).PublishAsync("""{"lat":47.07,"lon":15.44}""");

        var position = await node.FetchMessageAsync(vehicle, "gps", FetchFrom.User);

        Assert.Equal("""{"lat":47.07,"lon":15.44}""", Encoding.UTF8.GetString(position!));
    }

    [Fact]
    public async Task Let_users_chat_in_a_group_of_theirs()
    {
        await using var node = await StartAsync();
        var mary = new Caller("mary", ["chatters"], null);
        await using var room = node.SubscribeAsync(ChannelName.Group("chatters", "chat"));
        await room.StartAsync().WaitAsync(Soon);

        await node.Publisher("chat", Audience.SelfGroups).For(mary).PublishAsync("mary: hello");

        Assert.Equal("mary: hello", await FirstAsync(room));
    }

    [Fact]
    public async Task Come_back_with_a_position_and_get_what_was_missed()
    {
        await using var node = await StartAsync("""history { "chat" { size = 100, ttl = 5m } }""");
        var channel = ChannelName.Broadcast("chat");
        var seen = (await node.Publisher("chat").PublishAsync("one"))[0].Position;
        await node.Publisher("chat").PublishAsync("two");

        await using var subscription = node.SubscribeAsync(channel, since: seen);
        var start = await subscription.StartAsync().WaitAsync(Soon);

        Assert.True(start.Recovered);
        Assert.Equal("two", await FirstAsync(subscription));
    }

    [Fact]
    public async Task Subscribe_an_actor_of_your_own_and_publish_by_message()
    {
        using var system = ActorSystem.Create("application", BrokerNode.EngineConfig());
        await using var node = await BrokerNode.StartAsync(system, Embedded(), new BrokerOptions());
        var received = new TaskCompletionSource<Publication>();
        var listener = system.ActorOf(Props.Create(() => new Listener(received)));
        var channel = ChannelName.Broadcast("prices");

        node.Actor.Tell(new Subscribe(channel, listener), listener);
        await listener.Ask<Subscribed>("are you subscribed?", Soon);
        var published = await node.Actor.Ask<Published>(new Publish(channel, "42"u8.ToArray()), Soon);

        Assert.Equal(channel, published.Channel);
        Assert.Equal("42", Encoding.UTF8.GetString((await received.Task.WaitAsync(Soon)).Payload.Span));
    }

    [Fact]
    public async Task Write_a_session_record_at_log_in_so_that_the_cookie_alone_names_the_user()
    {
        await using var node = await StartAsync();
        await node.SignInAsync("k3jf82", "john", ["chatters"], TimeSpan.FromDays(14));

        var caller = await node.Sessions.FindAsync("k3jf82");

        Assert.Equal("john", caller.User);
        Assert.True(await node.SignOutAsync("k3jf82"));
        Assert.Null((await node.Sessions.FindAsync("k3jf82")).User);
    }

    private static Task<BrokerNode> StartAsync(string settings = "") => BrokerNode.StartAsync(Embedded(settings));

    private static Hocon.HoconObject Embedded(string settings = "") =>
        Configuration.Parse($"broker {{ redis.connection = \"\", shutdown.drain = 0s, {settings} }}");

    private static async Task<string> FirstAsync(Subscribing.Subscription subscription)
    {
        using var limit = new CancellationTokenSource(Soon);
        await foreach (var publication in subscription.WithCancellation(limit.Token)) return Encoding.UTF8.GetString(publication.Payload.Span);

        throw new InvalidOperationException("the subscription ended");
    }

    private sealed class Listener : ReceiveActor
    {
        private readonly List<IActorRef> _curious = [];
        private Subscribed? _subscribed;

        public Listener(TaskCompletionSource<Publication> received)
        {
            Receive<Subscribed>(subscribed =>
            {
                _subscribed = subscribed;
                foreach (var asker in _curious) asker.Tell(subscribed);
            });
            Receive<Publication>(publication => received.TrySetResult(publication));
            Receive<string>(_ =>
            {
                if (_subscribed is not null) Sender.Tell(_subscribed);
                else _curious.Add(Sender);
            });
        }
    }
}
