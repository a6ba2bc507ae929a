using Broker.Actors.Audiences;
using Broker.Actors.Connections;
using Broker.Actors.Rich;
using Broker.Actors.Settings;
using Broker.Actors.Tests.Nodes;
using Broker.Actors.Tests.Redis;

namespace Broker.Actors.Tests.Connections;

/// <summary>Which connections each user has on a node.</summary>
public sealed class NodeUsersTests
{
    private static readonly BrokerSettings Settings = BrokerSettings.Read(Configuration.Default());

    [Fact]
    public void A_user_is_known_as_long_as_it_has_a_connection_of_either_kind()
    {
        var users = new NodeUsers(Limits(0), TimeProvider.System);
        var (plain, rich, other) = (Connection(), Connection(), Connection());

        users.Enter("john", plain);
        var john = users.TryEnter("john", rich)!;
        users.Enter("john", other);
        Assert.Equal(new HashSet<ClientConnection> { plain, rich, other }, users.ConnectionsOf("john").ToHashSet());
        Assert.Empty(users.ConnectionsOf("mary"));

        users.Leave("john", plain);
        users.Leave("john", plain);
        Assert.Equal(new HashSet<ClientConnection> { rich, other }, users.ConnectionsOf("john").ToHashSet());
        users.Leave(john, rich);
        Assert.Equal(1, users.Count);
        users.Leave("john", other);
        Assert.Equal(0, users.Count);
    }

    [Fact]
    public void Only_rich_ones_count_for_the_limit()
    {
        var users = new NodeUsers(Limits(1), TimeProvider.System);
        users.Enter("john", Connection());
        users.Enter("john", Connection());
        var rich = Connection();

        var john = users.TryEnter("john", rich);
        Assert.NotNull(john);
        Assert.Null(users.TryEnter("john", Connection()));
        users.Leave(john, rich);

        Assert.NotNull(users.TryEnter("john", rich));
        Assert.Equal(3, users.ConnectionsOf("john").Length);
    }

    [Fact]
    public async Task However_many_come_and_go_at_once_no_more_are_there_than_may_be_and_nothing_is_left_of_them()
    {
        var users = new NodeUsers(Limits(3), TimeProvider.System);
        var (there, over, let) = (0, 0, 0);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            var connection = Connection();
            for (var i = 0; i < 20_000; i++)
            {
                if (users.TryEnter("john", connection) is not { } user) continue;

                Interlocked.Increment(ref let);
                if (Interlocked.Increment(ref there) > 3) Interlocked.Increment(ref over);
                Interlocked.Decrement(ref there);
                users.Leave(user, connection);
            }
        })));

        Assert.Equal((0, 0), (over, users.Count));
        Assert.True(let > 0);
    }

    // Its rates began anew with the next connection: who closed the last one and came back had twice of a second again, as often as he liked.
    [Fact]
    public void A_user_whose_rates_are_limited_is_known_until_they_are_full_again()
    {
        var time = new ManualTime();
        var users = new NodeUsers(Settings.Rich.Limits with { User = new(new("user-command-rate", 5), new("user-publish-rate", 0), new("user-publish-bytes", 0)) }, time);
        var connection = Connection();
        SharedRates ComeAndGo(double later)
        {
            time.Elapse(TimeSpan.FromSeconds(later));
            var john = users.TryEnter("john", connection)!;
            users.Leave(john, connection);
            return john.Rates!;
        }

        var first = ComeAndGo(0);

        Assert.Same(first, ComeAndGo(1.5));
        Assert.Same(first, ComeAndGo(1.5));
        Assert.Equal(1, users.Count);
        Assert.NotSame(first, ComeAndGo(2));
        time.Elapse(TimeSpan.FromSeconds(2));
        users.Enter("mary", Connection());
        Assert.Equal(1, users.Count);
    }

    private static WireConnection Connection() => new(new ConnectionPlan(Caller.Anonymous, [], [], Echo: true), LineFormat.Instance, Settings);

    private static RichLimits Limits(int connections) => Settings.Rich.Limits with { UserConnections = connections };
}
