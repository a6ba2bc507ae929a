using Broker.Actors.Presence;

namespace Broker.Actors.Tests.Presence;

public sealed class MembersTests
{
    private static readonly IReadOnlySet<string> Both = new HashSet<string> { "a", "b" };
    private static readonly TimeSpan Start = TimeSpan.FromSeconds(100);

    private readonly Members _members = new();
    private readonly List<MemberChange> _changes = [];

    [Fact]
    public void Who_comes_and_goes_is_news_once()
    {
        Say("r1", "a", Person.Joins("c1"), Person.Joins("c2", "bob"), Person.Joins("c1"), Person.Leaves("c2"), Person.Leaves("c2"), Person.Leaves("stranger"));

        Assert.Equal("+c1 +c2 -c2", Person.Show(_changes));
        Assert.Equal("bob", _changes[^1].Member.User);
        Assert.Equal((1, 1), (_members.Clients, _members.Users));
    }

    [Fact]
    public void Users_are_counted_by_name_over_all_relays()
    {
        Say("r1", "a", Person.Joins("c1"), Person.Joins("c2"), Person.Joins("c3", ""));
        Say("r2", "b", Person.Joins("c4"), Person.Joins("c5", "bob"));
        Assert.Equal((5, 3), (_members.Clients, _members.Users));

        Say("r1", "a", Person.Leaves("c1"), Person.Leaves("c2"));
        Assert.Equal((3, 3), (_members.Clients, _members.Users));
        Say("r2", "b", Person.Leaves("c4"));
        Assert.Equal((2, 2), (_members.Clients, _members.Users));
    }

    [Fact]
    public void A_relay_that_begins_anew_loses_those_that_it_does_not_name()
    {
        Say("r1", "a", Person.Joins("c1"), Person.Joins("c2"));
        Say("r2", "b", Person.Joins("c3"));
        _changes.Clear();

        Tell("r1", "a", Person.Joins("c2"), Person.Joins("c4"));

        Assert.Equal("+c4 -c1", Person.Show(_changes));
        Assert.Equal("c2 c3 c4", All());
    }

    [Fact]
    public void Who_was_there_before_is_waited_for_and_is_no_news()
    {
        Know("c1 c2", "r1", "a");
        Know("c3", "r2", "b");
        Assert.False(_members.IsExact);
        Assert.Equal(3, _members.Clients);

        Tell("r1", "a", Person.Joins("c1"));
        Assert.False(_members.IsExact);
        Tell("r2", "b", Person.Joins("c3"));

        Assert.True(_members.IsExact);
        Assert.Equal("-c2", Person.Show(_changes));
    }

    [Fact]
    public void Who_was_at_a_dead_node_has_gone_at_once_and_whose_relay_is_silent_in_the_end()
    {
        Know("c1 c2", "r1", "dead");
        Know("c3", "r2", "b");

        _members.Expire(Both, Start - TimeSpan.FromSeconds(10), _changes);
        Assert.Equal("-c1 -c2", Person.Show(_changes));
        Assert.False(_members.IsExact);

        _members.Expire(Both, Start, _changes);
        Assert.Equal("-c1 -c2 -c3", Person.Show(_changes));
        Assert.True(_members.IsExact);
        Assert.Equal((0, 0), (_members.Clients, _members.Users));
    }

    [Fact]
    public void The_time_in_which_nobody_could_say_anything_does_not_count()
    {
        Know("c1", "r1", "a");

        _members.AwaitFrom(Start + TimeSpan.FromMinutes(1));
        _members.Expire(Both, Start + TimeSpan.FromSeconds(59), _changes);

        Assert.Empty(_changes);
    }

    [Fact]
    public void Who_comes_back_at_another_relay_of_a_node_has_not_gone()
    {
        Say("r1", "a", Person.Joins("c1"), Person.Joins("c2"));
        _changes.Clear();

        _members.Lose("r1", Start);
        Assert.False(_members.IsExact);
        Tell("r9", "a", Person.Joins("c1"));
        _members.Expire(Both, Start, _changes);

        Assert.Equal("-c2", Person.Show(_changes));
        Assert.True(_members.IsExact);
        Assert.Equal("c1", All());
    }

    [Fact]
    public void What_a_relay_says_late_of_one_who_is_at_another_by_now_does_not_count()
    {
        Say("r1", "a", Person.Joins("c1"));
        Say("r2", "b", Person.Joins("c1"));

        Say("r1", "a", Person.Leaves("c1"));

        Assert.Equal("c1", All());
        Assert.Equal("r2", _members.Find("c1")!.Value.Relay);
    }

    [Fact]
    public void A_relay_that_is_attached_is_waited_for_as_long_as_it_takes()
    {
        Know("c1", "r1", "a");
        _members.Begin("r1", "a", returns: true, Start);

        _members.Expire(Both, Start + TimeSpan.FromHours(1), _changes);

        Assert.Empty(_changes);
        Assert.False(_members.IsExact);
    }

    [Fact]
    public void Who_is_there_all_the_time_is_on_exactly_one_page_whoever_comes_and_goes_meanwhile()
    {
        Say("r1", "a", [.. Enumerable.Range(0, 1000).Select(i => Person.Joins($"c{i}"))]);
        var (seen, until, after, more, round) = (new List<string>(), _members.Newest, 0L, true, 0);

        while (more)
        {
            (var page, after, more) = _members.Read(after, until, 1000);
            Assert.InRange(page.Sum(MembersFrame.Weigh), 1, 1000);
            seen.AddRange(page.Select(member => member.Client));

            // Enough go that their places are cleared away.
            Say("r1", "a", [.. Enumerable.Range(0, 10).Select(i => Person.Leaves($"c{2 * ((10 * round) + i)}")), Person.Joins($"new{round++}")]);
        }

        Assert.Equal(seen.Distinct(), seen);
        Assert.Empty(Enumerable.Range(0, 500).Select(i => $"c{(2 * i) + 1}").Except(seen));
        Assert.DoesNotContain(seen, client => client.StartsWith("new", StringComparison.Ordinal));
    }

    [Fact]
    public void One_that_is_larger_than_a_page_is_a_page()
    {
        Say("r1", "a", new MemberChange(Person.Named("c1", info: new string('x', 5000)), Joins: true), Person.Joins("c2"));

        var (first, after, more) = _members.Read(0, _members.Newest, 1000);
        Assert.Equal(("c1", true), (Person.Show(first), more));
        Assert.Equal("c2", Person.Show(_members.Read(after, _members.Newest, 1000).Members));
    }

    [Fact]
    public void Only_who_differs_from_what_stands_in_redis_is_touched()
    {
        Know("c1 c2 c3", "r1", "a");
        Assert.Empty(_members.Touched);

        Tell("r1", "a", Person.Joins("c1"), Person.Joins("c2", "another"), Person.Joins("c4"));

        Assert.Equal(["c2", "c3", "c4"], _members.Touched.Order());
    }

    private string All() => Person.Show(_members.Read(0, _members.Newest, int.MaxValue).Members);

    private void Know(string clients, string relay, string node)
    {
        foreach (var client in clients.Split(' ')) _members.Know(Person.Named(client), relay, node, Start);
    }

    /// <summary>A relay that is there says what has changed.</summary>
    private void Say(string relay, string node, params MemberChange[] changes)
    {
        if (_began.Add(relay)) _members.Begin(relay, node, returns: false, Start);
        foreach (var change in changes) _members.Take(relay, change, _changes);
    }

    /// <summary>A relay says all of its members.</summary>
    private void Tell(string relay, string node, params MemberChange[] changes)
    {
        _members.Begin(relay, node, returns: true, Start);
        foreach (var change in changes) _members.Take(relay, change, _changes);
        _members.Whole(relay, _changes);
    }

    private readonly HashSet<string> _began = [];
}
