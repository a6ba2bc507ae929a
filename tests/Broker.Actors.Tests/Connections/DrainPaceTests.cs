using Broker.Actors.Connections;

namespace Broker.Actors.Tests.Connections;

public sealed class DrainPaceTests
{
    private static readonly DrainPace Pace = new(Clients: 100, Interval: TimeSpan.FromMilliseconds(100), Within: TimeSpan.FromSeconds(30));

    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(101)]
    [InlineData(20_000)]
    public void In_no_interval_more_go_than_configured(int clients)
    {
        var paces = Drain(Pace, clients, late: TimeSpan.Zero);

        Assert.Equal(clients, paces.Sum());
        Assert.Equal((clients + 99) / 100, paces.Count);
        Assert.All(paces, some => Assert.InRange(some, 1, 100));
    }

    [Fact]
    public void Too_many_for_the_time_go_evenly_and_not_at_its_end_all_at_once()
    {
        var paces = Drain(Pace, 100_000, late: TimeSpan.Zero);

        // Two thirds of 30 s are 201 turns.
        Assert.Equal(100_000, paces.Sum());
        Assert.InRange(paces.Count, 195, 201);
        Assert.All(paces, some => Assert.InRange(some, 400, 498));
    }

    [Fact]
    public void A_node_whose_turns_come_late_makes_up_for_it_in_the_turns_that_are_left()
    {
        var paces = Drain(Pace, 20_000, late: TimeSpan.FromMilliseconds(10));

        Assert.Equal(20_000, paces.Sum());
        Assert.InRange(paces.Count, 170, 182);
        Assert.All(paces, some => Assert.InRange(some, 100, 300));
    }

    [Fact]
    public void When_the_time_is_over_or_there_is_none_all_go()
    {
        Assert.Equal(5000, Pace.Next(5000, TimeSpan.FromSeconds(21)));
        Assert.Equal(5000, (Pace with { Within = TimeSpan.Zero }).Next(5000, TimeSpan.Zero));
    }

    [Fact]
    public void The_last_clients_are_waited_for_and_the_rest_of_the_stop_has_time_left()
    {
        Assert.Equal(TimeSpan.FromSeconds(25), Pace.Patience);
        Assert.Equal(TimeSpan.FromSeconds(5), (Pace with { Within = TimeSpan.Zero }).Patience);
    }

    private static List<int> Drain(DrainPace pace, int clients, TimeSpan late)
    {
        var (paces, elapsed) = (new List<int>(), TimeSpan.Zero);
        while (clients > 0)
        {
            paces.Add(pace.Next(clients, elapsed));
            clients -= paces[^1];
            elapsed += pace.Interval + late;
        }

        return paces;
    }
}
