using System.Text;
using Broker.Actors.Channels;
using Broker.Actors.Relays;
using Broker.Actors.Settings;

namespace Broker.Actors.Tests.Relays;

/// <summary>The seam between what is stored and what is live.</summary>
public sealed class JoiningTests
{
    private static readonly RecoveryLimits Limits = new(100, 1_000_000);

    [Fact]
    public void Who_joins_under_load_gets_the_last_message_and_all_after_it_without_a_gap_or_a_double() => Interleavings.Check(10_000, 80, Run);

    [Fact]
    public void A_lost_question_is_asked_again_and_its_late_answer_counts_no_more()
    {
        var joiners = new Joiners(1000);
        joiners.Add(new Listener());
        var first = joiners.Ask();
        joiners.Forget();
        var second = joiners.Ask();

        Assert.Empty(joiners.Answered(first!.Value));
        Assert.Single(joiners.Answered(second!.Value));
    }

    [Fact]
    public void Who_holds_too_much_goes_on_without_a_last_message()
    {
        var joiners = new Joiners(3 * Number(1).Weight);
        joiners.Add(new Listener());
        var ticket = joiners.Ask();

        Assert.True(joiners.Hold([Number(1)]));
        Assert.False(joiners.Hold([Number(2), Number(3), Number(4)]));

        Assert.Equal(4, joiners.GiveUp().Single().Held.Publications.Count);
        Assert.Empty(joiners.Answered(ticket!.Value));
        Assert.True(joiners.IsEmpty);
    }

    [Fact]
    public void While_somebody_always_waits_only_what_those_who_wait_need_is_held()
    {
        // It was let go only when nobody waited: under steady joining all that was ever published stayed, until the limit made everybody go without a last message.
        var joiners = new Joiners(8 * Number(1).Weight);
        joiners.Add(new Listener());
        var ticket = joiners.Ask();

        for (var number = 1; number < 1000; number += 2)
        {
            Assert.True(joiners.Hold([Number(number)]));
            joiners.Add(new Listener());
            Assert.True(joiners.Hold([Number(number + 1)]));

            var ready = joiners.Answered(ticket!.Value).Single();
            Assert.Equal(number == 1 ? [At(1), At(2)] : [At(number - 1), At(number), At(number + 1)], ready.Held.Publications.Select(one => one.Position));
            ticket = joiners.Ask();
        }
    }

    [Fact]
    public void Those_who_joined_at_the_same_place_share_what_was_held_and_its_encoding()
    {
        // Each got a copy of its own: ten thousand clients that came back to a busy channel cost ten thousand encodings of the same bytes, in one turn.
        var joiners = new Joiners(1_000_000);
        for (var i = 0; i < 3; i++) joiners.Add(new Listener());
        var ticket = joiners.Ask();
        joiners.Hold([Number(1)]);
        joiners.Add(new Listener());
        joiners.Hold([Number(2)]);

        var ready = joiners.Answered(ticket!.Value);
        Assert.Equal([At(1), At(2)], ready[0].Held.Publications.Select(one => one.Position));
        Assert.All(ready, one => Assert.Same(ready[0].Held, one.Held));
        joiners.Add(new Listener());
        joiners.Ask();
        joiners.Add(new Listener());
        joiners.Hold([Number(3)]);

        var rest = joiners.GiveUp();
        Assert.Equal([At(2), At(3)], rest[0].Held.Publications.Select(one => one.Position));
        Assert.Equal([At(3)], rest[1].Held.Publications.Select(one => one.Position));
        Assert.Same(rest[1].Held, rest[2].Held);
    }

    [Fact]
    public void Who_leaves_while_it_waits_lets_go_what_only_it_needed()
    {
        var joiners = new Joiners(3 * Number(1).Weight);
        var (early, late) = (new Listener(), new Listener());
        joiners.Add(early);
        joiners.Hold([Number(1), Number(2)]);
        joiners.Add(late);

        Assert.True(joiners.Remove(early));

        Assert.True(joiners.Hold([Number(3), Number(4)]));
        Assert.Equal([At(3), At(4)], joiners.GiveUp().Single().Held.Publications.Select(one => one.Position));
    }

    [Fact]
    public void What_a_recovering_client_is_answered_beyond_where_the_relay_stands_comes_live_and_not_twice()
    {
        // The history was read after a script whose answer the owner had not yet told: the page held 4 and 5, which came live afterwards, too.
        var recovering = RecoveringFrom(new Listener(2), Limits);

        recovering.Take(new Missed(1, true, At(5), [Number(3), Number(4), Number(5)], false));

        Assert.Equal([At(3)], recovering.Merge(At(3)).Select(one => one.Position));
    }

    [Fact]
    public void What_was_passed_on_while_a_client_recovered_follows_what_it_had_missed()
    {
        var recovering = RecoveringFrom(new Listener(1), Limits);
        recovering.Hold([Number(3), Number(4)]);

        recovering.Take(new Missed(1, true, At(3), [Number(2), Number(3)], false));

        Assert.Equal([At(2), At(3), At(4)], recovering.Merge(At(4)).Select(one => one.Position));
    }

    [Fact]
    public void A_page_that_does_not_follow_recovers_nothing()
    {
        var recovering = RecoveringFrom(new Listener(1), Limits);

        recovering.Take(new Missed(1, true, At(2), [Number(2)], true));
        recovering.Take(new Missed(2, true, At(4), [Number(4)], false));

        Assert.True(recovering.HasFailed);
        Assert.Empty(recovering.Merge(At(4)));
    }

    [Fact]
    public void What_is_passed_on_before_the_next_page_is_asked_for_comes_with_that_page_and_is_not_held()
    {
        // A subscriber that recovered in many pages held every live publication for as long as that took.
        var recovering = RecoveringFrom(new Listener(1), Limits);
        recovering.Ask(default);
        for (var number = 4; number < 1000; number++) recovering.Hold([Number(number)]);
        Assert.True(recovering.HasFailed);

        Assert.Equal(At(1), recovering.Ask(default));
        recovering.Take(new Missed(1, true, At(2), [Number(2)], true));
        Assert.Equal(At(2), recovering.Ask(default));
        recovering.Take(new Missed(2, true, At(4), [Number(3), Number(4)], false));

        Assert.False(recovering.HasFailed);
        Assert.Equal([At(2), At(3), At(4)], recovering.Merge(At(4)).Select(one => one.Position));
    }

    [Fact]
    public void Who_has_missed_more_publications_or_bytes_than_the_limits_recovers_nothing()
    {
        var many = RecoveringFrom(new Listener(1), new RecoveryLimits(3, 1_000_000));
        Assert.True(many.IsTooFarBehind(At(5)));
        Assert.False(many.IsTooFarBehind(At(4)));
        many.Take(new Missed(1, true, At(4), [Number(2), Number(3), Number(4)], false));
        Assert.False(many.HasFailed);
        many.Hold([Number(5)]);
        Assert.True(many.HasFailed);

        var large = RecoveringFrom(new Listener(1), new RecoveryLimits(100, 150));
        large.Take(new Missed(1, true, At(3), [Number(2), Number(3)], true));
        Assert.False(large.HasFailed);
        large.Take(new Missed(1, true, At(4), [Number(4)], false));
        Assert.True(large.HasFailed);
    }

    [Fact]
    public void Who_cannot_recover_gets_nothing_of_what_came_meanwhile()
    {
        // It was told "not recovered" at position 4, and then given 3 and 4.
        var recovering = RecoveringFrom(new Listener(1), Limits);
        recovering.Hold([Number(3), Number(4)]);

        recovering.Take(new Missed(1, false, At(4), [], false));

        Assert.Empty(recovering.Merge(At(4)));
    }

    private static void Run(Choices choices)
    {
        var joiners = new Joiners(1_000_000);
        var live = new List<Listener>();
        var all = new List<Listener>();
        var questions = new Queue<(long Ticket, int? Value)>();
        var inRedis = 0;
        var passed = 0;

        while (!choices.AreOver || !joiners.IsEmpty)
        {
            switch (choices.Next(6))
            {
                case 0 when !choices.AreOver: all.Add(Add(joiners)); break;
                case 1 or 2 when !choices.AreOver: inRedis++; break;
                case 3 when joiners.Ask() is { } ticket: questions.Enqueue((ticket, null)); break;
                case 4 when questions.Count > 0 && choices.Once(6):
                    choices.Step("the owner is lost");
                    joiners.Forget();
                    questions.Clear();
                    break;
                default: Pass(); break;
            }

            if (choices.AreOver && joiners.Ask() is { } last) questions.Enqueue((last, null));
        }

        foreach (var listener in all)
        {
            var numbers = listener.Numbers;
            choices.Step($"got {string.Join(' ', numbers)} of {passed}");
            if (numbers.Count > 0) Assert.Equal(Enumerable.Range(numbers[0], passed - numbers[0] + 1), numbers);
            else Assert.Equal(0, passed);
        }

        // The owner answers behind everything that Redis had published before the value was read.
        void Pass()
        {
            if (passed < inRedis && (questions.Count == 0 || choices.Once(2)))
            {
                Publication[] items = [Number(++passed)];
                foreach (var listener in live) listener.Take(items);
                joiners.Hold(items);
            }
            else if (questions.TryDequeue(out var question))
            {
                var value = inRedis;
                while (passed < inRedis)
                {
                    Publication[] items = [Number(++passed)];
                    foreach (var listener in live) listener.Take(items);
                    joiners.Hold(items);
                }

                foreach (var ready in joiners.Answered(question.Ticket))
                {
                    var listener = (Listener)ready.Subscriber;
                    if (value > 0 && !ready.Holds(Payload(value))) listener.Replay(Payload(value), null);
                    listener.Take(ready.Held.Publications);
                    live.Add(listener);
                }
            }
        }
    }

    private static Listener Add(Joiners joiners)
    {
        var listener = new Listener();
        joiners.Add(listener);
        return listener;
    }

    private static Recovering RecoveringFrom(Listener listener, RecoveryLimits limits) => new(listener, listener.Since, limits);

    private static StreamPosition At(long offset) => new("e", offset);

    private static byte[] Payload(long number) => Encoding.UTF8.GetBytes($"{number}");

    private static Publication Number(long number) => new(ChannelName.Broadcast("x"), At(number), Payload(number));

    private sealed class Listener(long since = 0) : Subscriber(ActorRefs.Nobody, "", JoinMode.Since, new StreamPosition("e", since))
    {
        public List<int> Numbers { get; } = [];

        public void Take(IReadOnlyList<Publication> items) => Numbers.AddRange(items.Select(item => int.Parse(Encoding.UTF8.GetString(item.Payload.Span))));

        public override void Replay(ReadOnlyMemory<byte> payload, string? publishId) => Numbers.Add(int.Parse(Encoding.UTF8.GetString(payload.Span)));

        public override int Deliver(Dispatch dispatch) => 0;
    }
}
