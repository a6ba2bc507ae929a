using Broker.Actors.Channels;
using Broker.Actors.Relays;

namespace Broker.Actors.Tests.Relays;

/// <summary>When a relay attaches again, and what a gap means.</summary>
public sealed class OwnerLinkTests : TestKit
{
    private static readonly TimeSpan Start = TimeSpan.FromHours(1);

    private readonly OwnerLink _link = new(TimeSpan.FromSeconds(45));

    [Fact]
    public void The_first_that_answers_is_the_owner_until_it_is_lost()
    {
        var (first, second) = (CreateTestProbe().Ref, CreateTestProbe().Ref);

        Assert.False(_link.IsOwner(first));
        Assert.Equal(OwnerLink.Meeting.New, _link.Meet(first, historySize: 1000));
        Assert.Equal(OwnerLink.Meeting.Known, _link.Meet(first, historySize: 1000));
        Assert.Equal(OwnerLink.Meeting.Another, _link.Meet(second, historySize: 1000));
        Assert.True(_link.IsOwner(first));

        Assert.Equal(first, _link.Lose());
        Assert.False(_link.IsOwner(first));
        Assert.Equal(OwnerLink.Meeting.New, _link.Meet(second, historySize: 1000));
    }

    [Fact]
    public void Nothing_counts_before_the_owner_has_said_where_the_channel_stands()
    {
        Meet(hasHistory: true);

        Assert.Empty(_link.Take([Number(1)]));
        Assert.False(_link.IsReady);

        _link.Stands(At(4));
        Assert.Equal([At(5)], Positions(_link.Take([Number(4), Number(5)])));
    }

    [Fact]
    public void Who_has_heard_nothing_for_long_attaches_again()
    {
        _link.Heard(Start);

        Assert.False(_link.IsSilent(Start + TimeSpan.FromSeconds(45)));
        Assert.True(_link.IsSilent(Start + TimeSpan.FromSeconds(46)));
    }

    [Fact]
    public void With_history_a_gap_is_asked_for_once_and_filled_before_what_came_after_it()
    {
        MeetAt(1, hasHistory: true);
        Assert.Null(_link.AskForMissing(Start));

        Assert.Empty(_link.Take([Number(4)]));
        var question = _link.AskForMissing(Start);
        Assert.Equal(At(1), question!.Value.Since);
        Assert.Null(_link.AskForMissing(Start));

        Assert.Null(_link.Filled(new Missed(question.Value.Ticket + 7, true, At(2), [Number(2)], false)));
        Assert.Equal([At(2), At(3), At(4)], Positions(_link.Filled(new Missed(question.Value.Ticket, true, At(3), [Number(2), Number(3)], false))!));
        Assert.False(_link.HasGap);
        Assert.Equal(0, _link.TakeLost());
    }

    [Fact]
    public void A_page_that_is_not_the_last_is_passed_on_and_the_next_is_asked_for()
    {
        MeetAt(1, hasHistory: true);
        _link.Stands(At(3));
        var first = _link.AskForMissing(Start)!.Value;

        Assert.Equal([At(2)], Positions(_link.Filled(new Missed(first.Ticket, true, At(2), [Number(2)], More: true))!));

        var second = _link.AskForMissing(Start)!.Value;
        Assert.Equal(At(2), second.Since);
        Assert.Equal([At(3)], Positions(_link.Filled(new Missed(second.Ticket, true, At(3), [Number(3)], More: false))!));
    }

    [Fact]
    public void A_question_that_nobody_answers_is_asked_again_later_and_of_a_new_owner_at_once()
    {
        MeetAt(1, hasHistory: true);
        _link.Stands(At(3));
        var first = _link.AskForMissing(Start)!.Value;

        Assert.Null(_link.AskForMissing(Start + OwnerLink.AnswersWithin / 2));
        var second = _link.AskForMissing(Start + OwnerLink.AnswersWithin)!.Value;
        Assert.Null(_link.Filled(new Missed(first.Ticket, true, At(2), [Number(2)], false)));
        Assert.NotEqual(first.Ticket, second.Ticket);

        _link.Lose();
        Assert.Null(_link.AskForMissing(Start + OwnerLink.AnswersWithin));
        Meet(hasHistory: true);
        Assert.Equal(At(1), _link.AskForMissing(Start + OwnerLink.AnswersWithin)!.Value.Since);
    }

    [Fact]
    public void Without_history_a_gap_is_counted_and_what_comes_goes_on()
    {
        MeetAt(1, hasHistory: false);

        Assert.Equal([At(4)], Positions(_link.Take([Number(4)])));
        Assert.Null(_link.AskForMissing(Start));
        Assert.Equal(2, _link.TakeLost());
        Assert.Equal(0, _link.TakeLost());
    }

    private void Meet(bool hasHistory) => _link.Meet(CreateTestProbe().Ref, hasHistory ? 1000 : 0);

    private void MeetAt(long offset, bool hasHistory)
    {
        Meet(hasHistory);
        _link.Stands(At(offset));
    }

    private static IEnumerable<StreamPosition> Positions(IReadOnlyList<Publication> items) => items.Select(item => item.Position);

    private static StreamPosition At(long offset) => new("e", offset);

    private static Publication Number(long number) => new(ChannelName.Broadcast("x"), At(number), Array.Empty<byte>());
}
