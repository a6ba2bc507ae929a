using Broker.Actors.Channels;
using Broker.Actors.Nodes;
using Broker.Actors.Publishing;
using Broker.Testing.Logging;

namespace Broker.Actors.Tests.Nodes;

/// <summary>Channels that Redis does not let the node subscribe (ACL).</summary>
public sealed class RightsTests
{
    [Theory]
    [InlineData("")]
    [InlineData(TestNode.History)]
    public async Task A_channel_without_rights_is_in_an_outage_of_its_own_until_it_has_them(string history)
    {
        // Publishers and clients of every channel of the node saw an outage without end.
        var logs = new Logs();
        await using var test = await TestNode.StartAsync("channel.subscribe-again-after = 100ms, " + history, "redis", new BrokerOptions { LoggerFactory = logs });
        await test.Server!.CliAsync("ACL", "SETUSER", "default", "resetchannels", "&*open*");
        await using var open = await Reading.OfAsync(test.Node, ChannelName.Broadcast("open"));

        var refused = await Assert.ThrowsAsync<PublishException>(() => test.Node.Publisher("closed").PublishAsync("lost").WaitAsync(TestNode.Soon));
        await test.Node.Publisher("open").PublishAsync("one");
        await open.UntilCountAsync(1);

        await test.Server.CliAsync("ACL", "SETUSER", "default", "allchannels");
        await using var closed = await Reading.OfAsync(test.Node, ChannelName.Broadcast("closed"));
        await test.Node.Publisher("closed").PublishAsync("two");
        await closed.UntilCountAsync(1);
        await test.Node.Publisher("open").PublishAsync("three");
        await open.UntilCountAsync(2);

        Assert.Equal(PublishProblem.Unavailable, refused.Problem);
        Assert.Equal(["one", "three"], open.Texts);
        Assert.Equal(["two"], closed.Texts);
        Assert.Single(logs.Lines, line => line.Contains("refuses the subscription of broadcast:closed: NOPERM", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("-xadd")]
    [InlineData("-xtrim")]
    public async Task A_history_that_Redis_refuses_for_good_is_told_to_publishers_and_said_once(string right)
    {
        // It was tried four times a second without an end, with a line in the log each time.
        var logs = new Logs();
        await using var test = await TestNode.StartAsync("redis.timeout = 1s, " + TestNode.History, "redis", new BrokerOptions { LoggerFactory = logs });
        await test.Server!.CliAsync("ACL", "SETUSER", "default", right);

        for (var i = 0; i < 4; i++)
            await Assert.ThrowsAsync<PublishException>(() => test.Node.Publisher("news").PublishAsync("refused").WaitAsync(TestNode.Soon));
        Assert.Single(logs.Lines, line => line.Contains("broadcast:news fails: ", StringComparison.Ordinal));

        await test.Server.CliAsync("ACL", "SETUSER", "default", right.Replace('-', '+'));
        await TestNode.UntilTakenAsync(() => test.Node.Publisher("news").PublishAsync("taken"));
    }

    [Theory]
    [InlineData("")]
    [InlineData(TestNode.History)]
    public async Task A_last_message_that_Redis_does_not_let_us_read_is_none_and_is_said_once(string history)
    {
        // It was asked for four times a second for ever; who subscribed with replay waited, and nothing told why.
        var logs = new Logs();
        await using var test = await TestNode.StartAsync(history, "redis", new BrokerOptions { LoggerFactory = logs });
        await test.Server!.CliAsync("ACL", "SETUSER", "default", "-mget");

        var clients = new List<WireClient>();
        for (var i = 0; i < 3; i++)
        {
            clients.Add(await test.ConnectAsync(new WireClient(), ChannelName.Broadcast("news")));
            await clients[i].Connection.Subscribed.WaitAsync(TestNode.Soon);
        }

        await test.Node.Publisher("news").PublishAsync("live");
        await TestNode.UntilAsync(() => clients.All(client => client.Lines is ["live"]), "what is published");
        Assert.Single(logs.Lines, line => line.Contains("NOPERM", StringComparison.Ordinal));
    }
}
