using Broker.Actors.Audiences;
using Broker.Actors.Connections;
using Broker.Actors.Rich;
using Broker.Actors.Settings;
using Broker.Actors.Tests.Nodes;

namespace Broker.Actors.Tests.Rich;

/// <summary>How fast a client may send, by itself and with the others of its user.</summary>
public sealed class ClientRatesTests
{
    private static readonly TimeSpan Start = TimeSpan.FromHours(1);

    [Fact]
    public void Twice_of_a_second_at_once_and_then_so_much_in_each()
    {
        var rates = new ClientRates(Limits(own: Rates("", commands: 10)));

        Assert.Equal([.. Enumerable.Repeat("", 20), "command-rate"], Commands(rates, 21, Start));
        Assert.Equal([.. Enumerable.Repeat("", 5), "command-rate"], Commands(rates, 6, Start + TimeSpan.FromSeconds(0.5)));
    }

    [Fact]
    public void The_clients_of_a_user_share_what_is_the_users()
    {
        var limits = Limits(own: Rates("", commands: 100, publishes: 100, bytes: 100), user: Rates("user-", commands: 5, publishes: 2, bytes: 10));
        var users = new NodeUsers(limits, TimeProvider.System);
        var (one, other, stranger) = (Client(limits, users, "john"), Client(limits, users, "john"), Client(limits, users, "jane"));

        Assert.Equal(["", "", "", "", "", ""], Commands(one, 6, Start));
        Assert.Equal(["", "", "", "", "user-command-rate"], Commands(other, 5, Start));
        Assert.Equal(["", "", "", "", "", "", "", "", "", "", "user-command-rate"], Commands(stranger, 11, Start));
        Assert.Equal(["", "", "", "", "user-publish-rate"], [Publish(one, 1), Publish(other, 1), Publish(one, 1), Publish(other, 1), Publish(one, 1)]);
        Assert.Equal(["", "user-publish-bytes"], [Publish(stranger, 15), Publish(stranger, 6)]);
    }

    [Fact]
    public void What_a_client_is_refused_takes_nothing_of_its_users_and_what_its_user_is_takes_nothing_of_its_own()
    {
        var limits = Limits(own: Rates("", commands: 3, publishes: 3, bytes: 50), user: Rates("user-", commands: 4, publishes: 4, bytes: 50));
        var users = new NodeUsers(limits, TimeProvider.System);
        var (fast, calm) = (Client(limits, users, "john"), Client(limits, users, "john"));

        // Six of its own, and however many more: two of its user's eight are left.
        Assert.Equal(94, Commands(fast, 100, Start).Count(over => over == "command-rate"));
        Assert.Equal(["", "", "user-command-rate", "user-command-rate", "user-command-rate", "user-command-rate", "user-command-rate"], Commands(calm, 7, Start));
        calm.Shared = Client(limits, new NodeUsers(limits, TimeProvider.System), "john").Shared;

        // Four of its own six are left: the user's refusals took none.
        Assert.Equal(["", "", "", "", "command-rate"], Commands(calm, 5, Start));

        // And what is too long is no publish.
        Assert.Equal(["", "publish-bytes", "publish-bytes", "publish-bytes", "", "", "", "", "", "publish-rate"], [.. new[] { 80, 50, 50, 50, 4, 4, 4, 4, 4, 0 }.Select(bytes => Publish(calm, bytes))]);
    }

    [Fact]
    public void Who_is_refused_for_its_user_too_often_does_not_listen_either()
    {
        var limits = Limits(own: Rates(""), user: Rates("user-", commands: 1), refusals: 3);
        var users = new NodeUsers(limits, TimeProvider.System);
        var (one, other) = (Client(limits, users, "john"), Client(limits, users, "john"));

        Commands(one, 4, Start);
        Assert.False(one.IsHopeless);
        Commands(one, 1, Start);

        Assert.True(one.IsHopeless);
        Assert.False(other.IsHopeless);
    }

    [Fact]
    public void A_thread_that_comes_with_the_time_of_a_moment_ago_is_given_nothing_twice()
    {
        var user = new NodeUsers(Limits(user: Rates("user-", commands: 10)), TimeProvider.System).TryEnter("john", Connection())!.Rates!;
        for (var i = 0; i < 20; i++) Assert.Null(user.TakeCommand(Start));

        var taken = 0;
        for (var i = 0; i < 100; i++)
        {
            if (user.TakeCommand(Start + TimeSpan.FromSeconds(1)) is null) taken++;
            if (user.TakeCommand(Start) is null) taken++;
        }

        Assert.Equal(10, taken);
    }

    private static ClientRates Client(RichLimits limits, NodeUsers users, string user) => new(limits) { Shared = users.TryEnter(user, Connection())!.Rates };

    private static WireConnection Connection() => new(new ConnectionPlan(Caller.Anonymous, [], [], Echo: true), LineFormat.Instance, BrokerSettings.Read(Configuration.Default()));

    private static string[] Commands(ClientRates rates, int count, TimeSpan now) => [.. Enumerable.Range(0, count).Select(_ => rates.Command(now)?.Name ?? "")];

    private static string Publish(ClientRates rates, int bytes) => rates.Publish(bytes, Start)?.Name ?? "";

    private static SendLimits Rates(string whose, int commands = 0, int publishes = 0, int bytes = 0) =>
        new(new(whose + "command-rate", commands), new(whose + "publish-rate", publishes), new(whose + "publish-bytes", bytes));

    private static RichLimits Limits(SendLimits? own = null, SendLimits? user = null, int refusals = 1000) =>
        new(128, 255, 128, own ?? Rates(""), refusals, user ?? Rates("user-"), UserConnections: 0);
}
