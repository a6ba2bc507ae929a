using System.Text;
using Broker.Actors.Audiences;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Nodes;
using Broker.Actors.Publishing;
using Broker.Actors.Redis;
using Broker.Actors.Relays;
using Broker.Actors.Subscribing;

namespace Broker.Actors.Tests.Nodes;

/// <summary>A session key opens a session: whatever fails, no log shows it. And nobody writes lines of his own into a log.</summary>
[Collection(nameof(CapturedLog))]
public sealed class SecrecyTests : IDisposable
{
    private const string Key = "s3cret{k}ey";

    private static readonly ChannelName Channel = ChannelName.Session(Key, "news");

    private readonly CapturedLog _log = new();

    public void Dispose() => _log.Dispose();

    [Theory]
    [InlineData("", "PublishAsync")]
    [InlineData("", "ReadLastAsync")]
    [InlineData("", "Fence")]
    [InlineData("", "Subscribe")]
    [InlineData("", "Unsubscribe")]
    [InlineData("", "IsCluster")]
    [InlineData(TestNode.History, "TakeOverAsync")]
    [InlineData(TestNode.History, "AppendAsync")]
    public async Task A_session_channels_actor_that_fails_is_logged_without_the_key(string history, string fails)
    {
        // The path of the actor held the channel's Redis name, and every failure was logged with the path.
        await using (var test = await TestNode.StartAsync(history, options: new BrokerOptions { LoggerFactory = _log }))
        {
            test.Node.Services.System.EventStream.Subscribe(
                test.Node.Services.System.ActorOf(Props.Create(() => new LetterReader(_log))), typeof(AllDeadLetters));
            if (fails == "Fence") await test.StrangerPublishesAsync(Channel, "kept", expire: 600); // Only a last message has a place to be asked for.
            test.Bus.ThrowOnceFrom(fails);
            var client = await test.ConnectAsync(new WireClient(), Channel);
            await TestNode.UntilAsync(
                () =>
                {
                    if (fails == "Unsubscribe") client.Close(CloseReason.Normal);
                    else _ = IgnoreFailureAsync(test.Node.Publisher("news", Audience.Sessions(Key)).PublishAsync("provokes"));
                    return test.Bus.HasThrown;
                },
                "the failure");
            await TestNode.UntilAsync(() => _log.Text.Contains("a bug in " + fails, StringComparison.Ordinal), "its log");
        }

        // Of an actor that could not be made Akka.NET names the shard only.
        if (fails != "IsCluster") Assert.Contains("session-" + ChannelName.HashOf(Key), _log.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", _log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_Redis_refuses_on_a_session_channel_is_logged_without_the_key()
    {
        await using var test = await TestNode.StartAsync(TestNode.History, "redis", new BrokerOptions { LoggerFactory = _log });
        await test.Server!.CliAsync("SET", new RedisKeys("session:" + Key + ":news").History, "no stream");

        await Assert.ThrowsAsync<PublishException>(() => test.Node.Publisher("news", Audience.Sessions(Key)).PublishAsync("refused").WaitAsync(TestNode.Soon));

        Assert.DoesNotContain("s3cret", _log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_Redis_that_cannot_be_asked_is_not_told_of_with_the_key()
    {
        await using var test = await TestNode.StartAsync("redis.timeout = 200ms", "redis", new BrokerOptions { LoggerFactory = _log });
        test.Server!.Kill();

        var failure = await Assert.ThrowsAsync<RedisUnavailableException>(() => test.Node.Bus.ReadLastAsync(new RedisKeys("session:" + Key + ":news")));
        await Assert.ThrowsAsync<PublishException>(() => test.Node.Publisher("news", Audience.Sessions(Key)).PublishAsync("lost").WaitAsync(TestNode.Soon));

        Assert.DoesNotContain("s3cret", failure.ToString() + _log.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("127.0.0.1", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_message_shows_the_key_where_dead_letters_are_logged()
    {
        var publication = new Publication(Channel, new StreamPosition("e", 1), "payload"u8.ToArray());
        var outgoing = new OutgoingPublication("payload"u8.ToArray(), "id", null, 0);
        var caller = new Caller("john", ["staff"], Key);
        var nobody = ActorRefs.Nobody;
        object[] messages =
        [
            new Attach(Channel, "r", 1, default), new Detach(Channel, "r"), new Detached(Channel), new PublishBatch(Channel, "r", 1, [outgoing]), new ReadMissed(Channel, 1, default),
            new ReadLast(Channel, 1), new Publications([publication]), publication, new RelayIdle(Channel, 1),
            new RelayPublish(Channel, outgoing, new AwaitedTicket(), default, false), new Subscribe(Channel, nobody), new Subscribed(Channel, default, false),
            new Unsubscribe(Channel, nobody), new Publish(Channel, default), new Published(Channel, null), new PublishFailed(Channel, default),
            caller, new ConnectionPlan(caller, [Channel], [Channel], false), new ClientPublish(caller, [Channel], default), Audience.Sessions(Key),
            ChannelName.Raw("session:" + Key + ":news"),
        ];

        Assert.All(messages, message => Assert.DoesNotContain("s3cret", message.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void A_name_cannot_break_a_logs_line()
    {
        // A facility may hold any character: with a line feed its owner wrote log lines.
        Assert.Equal(@"broadcast:a\u000d\u000a\u001b[2J\u2028\u202eb ü 😀", ChannelName.Broadcast("a\r\n\u001b[2J\u2028\u202eb ü 😀").ToString());
        Assert.Equal(@"user:john\u000a:news", ChannelName.User("john\n", "news").ToString());
        Assert.DoesNotContain('\n', new Caller("john\n", ["a\nb"], null).ToString());
    }

    [Fact]
    public async Task A_facility_with_a_line_feed_writes_no_line_of_its_own()
    {
        const string Facility = "news\n2030-01-01 all is well";
        await using var test = await TestNode.StartAsync(options: new BrokerOptions { LoggerFactory = _log });
        foreach (var fails in new[] { "IsCluster", "PublishAsync" })
        {
            test.Bus.ThrowOnceFrom(fails);
            await TestNode.UntilAsync(
                () =>
                {
                    _ = IgnoreFailureAsync(test.Node.Publisher(Facility).PublishAsync("provokes"));
                    return test.Bus.HasThrown;
                },
                "the failure");
        }

        await TestNode.UntilAsync(() => _log.Text.Contains("a bug in IsCluster", StringComparison.Ordinal) && _log.Text.Contains("a bug in PublishAsync", StringComparison.Ordinal), "the log");
        Assert.DoesNotContain("\n2030", _log.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("s3cret", "news", true)]
    [InlineData("s3c}ret", "news", false)]
    [InlineData("s3c{r}et", "news", true)]
    public void A_session_channels_entity_is_named_by_a_hash_and_keeps_its_history_where_its_keys_share_a_slot(string key, string facility, bool onCluster)
    {
        var settings = Settings.BrokerSettings.Read(Settings.Configuration.Parse("broker { " + TestNode.History + " }"));
        var id = ChannelEntity.IdOf(ChannelName.Session(key, facility), "p");

        Assert.EndsWith(ChannelName.HashOf(key) + ":" + facility, id, StringComparison.Ordinal);
        Assert.DoesNotContain(key, id, StringComparison.Ordinal);
        Assert.NotNull(ChannelEntity.HistoryOf(id, settings, onCluster: false));
        Assert.Equal(onCluster, ChannelEntity.HistoryOf(id, settings, onCluster: true) is not null);
    }

    [Fact]
    public void Names_that_are_one_in_Redis_are_one_entity_and_other_names_are_others()
    {
        Assert.Equal(ChannelEntity.IdOf(Channel, "p"), ChannelEntity.IdOf(ChannelName.Raw("p:session:" + Key + ":news"), "p"));
        Assert.Equal("p:broadcast:news", ChannelEntity.IdOf(ChannelName.Broadcast("news"), "p"));
        Assert.NotEqual(ChannelEntity.IdOf(Channel, "p"), ChannelEntity.IdOf(ChannelName.Session(Key, "other"), "p"));
        Assert.NotEqual(ChannelEntity.IdOf(Channel, "p"), ChannelEntity.IdOf(ChannelName.Session(Key + "2", "news"), "p"));
    }

    private static async Task IgnoreFailureAsync(Task publish)
    {
        try
        {
            await publish.WaitAsync(TestNode.Soon);
        }
        catch (PublishException)
        {
        }
    }

    private sealed class LetterReader : ReceiveActor
    {
        public LetterReader(CapturedLog log) => Receive<AllDeadLetters>(letter => log.Add(letter.ToString()!));
    }
}

/// <summary>The consoles are the process's: one at a time, beside nobody who would log to them meanwhile.</summary>
[CollectionDefinition(nameof(CapturedLog), DisableParallelization = true)]
public sealed class CapturedLogCollection;
