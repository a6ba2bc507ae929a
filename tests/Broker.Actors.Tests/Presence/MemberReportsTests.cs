using Broker.Actors.Presence;

namespace Broker.Actors.Tests.Presence;

public sealed class MemberReportsTests
{
    private readonly MemberReports _reports = new();

    [Fact]
    public void The_first_report_holds_all_who_are_there_and_the_next_what_has_changed_meanwhile_in_order()
    {
        var (c1, c2, c3) = (Person.Named("c1"), Person.Named("c2"), Person.Named("c3"));
        _reports.Join(c1);
        _reports.Join(c2);
        _reports.Leave(c1);

        var first = _reports.Next()!;
        Assert.Equal((true, true, false, "+c2"), (first.Begins, first.IsWhole, first.Returns, Person.Show(first.Changes)));
        _reports.Join(c3);
        _reports.Leave(c3);
        _reports.Leave(c2);
        Assert.Null(_reports.Next());
        Assert.Equal(first, _reports.Again());

        _reports.Taken(first.Number);
        var second = _reports.Next()!;
        Assert.Equal((first.Number + 1, false, false, "+c3 -c3 -c2"), (second.Number, second.Begins, second.IsWhole, Person.Show(second.Changes)));
        _reports.Taken(second.Number);
        Assert.True(_reports.IsIdle);
    }

    [Fact]
    public void Many_are_told_in_reports_that_a_link_takes_and_the_last_of_them_says_so()
    {
        for (var i = 0; i < 3000; i++) _reports.Join(Person.Named($"c{i}", info: new string('x', 100)));

        var reports = TakeAll();

        Assert.Equal(3000, reports.Sum(report => report.Changes.Count));
        Assert.All(reports, report => Assert.InRange(report.Changes.Sum(change => change.Weight), 1, MembersFrame.MaxBytes));
        Assert.Equal([.. Enumerable.Repeat(false, reports.Count - 1), true], reports.Select(report => report.IsWhole));
        Assert.Equal([true, .. Enumerable.Repeat(false, reports.Count - 1)], reports.Select(report => report.Begins));
    }

    [Fact]
    public void Another_owner_is_told_all_again_and_that_one_before_was_too()
    {
        _reports.Join(Person.Named("c1"));
        TakeAll();
        _reports.Join(Person.Named("c2"));
        var lost = _reports.Next()!;

        _reports.StartOver();
        _reports.Taken(lost.Number);
        var report = Assert.Single(TakeAll());

        Assert.Equal((true, true, true, "+c1 +c2"), (report.Begins, report.IsWhole, report.Returns, Person.Show(report.Changes)));
        Assert.True(report.Number > lost.Number);
    }

    [Fact]
    public void An_owner_hears_of_a_relay_whose_members_have_all_gone_while_there_was_none()
    {
        var c1 = Person.Named("c1");
        _reports.Join(c1);
        TakeAll();
        _reports.StartOver();
        _reports.Leave(c1);

        var report = Assert.Single(TakeAll());
        Assert.Equal((true, true, true, ""), (report.Begins, report.IsWhole, report.Returns, Person.Show(report.Changes)));
    }

    [Fact]
    public void That_somebody_wants_to_hear_of_others_is_told_without_any_member()
    {
        _reports.Wants = true;
        Assert.True(Assert.Single(TakeAll()).Wants);

        _reports.Wants = true;
        Assert.Empty(TakeAll());
        _reports.Wants = false;
        Assert.False(Assert.Single(TakeAll()).Wants);
    }

    [Fact]
    public void One_who_has_come_again_before_the_former_subscription_went_stays()
    {
        var (former, present) = (Person.Named("c1"), Person.Named("c1"));
        _reports.Join(former);
        _reports.Join(present);

        _reports.Leave(former);

        Assert.Equal(1, _reports.Count);
        Assert.Equal("+c1", Person.Show(TakeAll().SelectMany(report => report.Changes)));
    }

    [Fact]
    public void What_an_owner_does_not_take_for_long_does_not_pile_up()
    {
        _reports.Wants = true;
        TakeAll();
        for (var i = 0; i < 100_000; i++)
        {
            var member = Person.Named($"c{i}");
            _reports.Join(member);
            if (i == 0) _reports.Next();
            if (i > 0) _reports.Leave(member);
        }

        Assert.InRange(TakeAll().Sum(report => report.Changes.Count), 1, 10_000);
    }

    private List<MemberBatch> TakeAll()
    {
        var taken = new List<MemberBatch>();
        if (_reports.Again() is { } underWay) _reports.Taken(underWay.Number);
        while (_reports.Next() is { } batch)
        {
            taken.Add(batch);
            _reports.Taken(batch.Number);
        }

        return taken;
    }
}
