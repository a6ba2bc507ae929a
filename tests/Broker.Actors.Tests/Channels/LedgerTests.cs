using System.Text;
using Broker.Actors.Channels;
using Broker.Actors.Redis;
using Broker.Actors.Settings;

namespace Broker.Actors.Tests.Channels;

/// <summary>Sequences that once went wrong.</summary>
public sealed class LedgerTests
{
    private readonly Ledger _ledger = new(ChannelName.Broadcast("news"), new HistoryLimits(100, TimeSpan.FromMinutes(1)), new Room(new WaitingLimits(4, 1000)));

    [Fact]
    public void A_foreign_publication_that_arrives_while_a_take_over_fails_is_appended_by_the_next()
    {
        // The first take-over timed out with "a" among what had arrived since; beginning the second one forgot it.
        Subscribe();
        _ledger.BeginTakeOver("e");
        Foreign("a");

        TakeOver(1, "e", 0);

        Assert.Equal(["foreign a"], Next());
    }

    [Fact]
    public void A_copy_whose_mark_came_before_ownership_was_taken_is_not_taken_for_foreign()
    {
        // The subscription was lost and back while a script was under way: it put its mark before the actor could take over, and that mark was not listened to.
        Own(1, "e", 0);
        Publish("a", "p1");
        Next();
        _ledger.Lost();
        _ledger.Subscribed();

        _ledger.Arrived(MarkOf(1, "e", 1, "a"));
        _ledger.Appended(new Appended(AppendOutcome.Appended, 1), [], []);
        _ledger.BeginTakeOver("f");
        Foreign("a");
        TakeOver(2, "e", 1);

        _ledger.CaughtUp(Page("e", 1, new StoredPublication(1, Bytes("a"), "p1", null)), []);
        Assert.Empty(Next());
    }

    [Fact]
    public void A_foreign_publication_that_waited_while_another_owner_came_and_went_is_not_appended_again()
    {
        // Both owners saw "a". The other one took over, appended it and went; then ours took over again with "a" still waiting.
        Own(1, "e", 0);
        Publish("p", "p1");
        Next();
        Foreign("a");
        _ledger.AppendFailed();

        TakeOver(3, "e", 1);
        _ledger.CaughtUp(Page("e", 1, new StoredPublication(1, Bytes("a"), null, null)), []);

        Assert.Empty(Next());
    }

    [Fact]
    public void A_script_tells_what_was_delivered_so_that_a_meta_that_came_back_old_is_noticed()
    {
        Own(1, "e", 0);
        Publish("a", "p1");
        Next();
        _ledger.Appended(new Appended(AppendOutcome.Appended, 1), [], []);

        Publish("b", "p2");
        var append = _ledger.NextAppend([]);

        Assert.Equal(1, append!.KnownOffset);
    }

    [Fact]
    public void A_script_that_fails_leaves_ownership_open_until_it_is_taken_again()
    {
        // The next batch went out under the old token while it was not known what the failed one had done.
        Own(1, "e", 0);
        Publish("a", "p1");
        Publish("b", "p2");
        Next();
        Publish("c", "p3");

        _ledger.AppendFailed();

        Assert.False(_ledger.IsOwning);
        Assert.Empty(Next());
    }

    [Fact]
    public void An_equal_foreign_publication_is_still_appended_after_the_answer_has_named_the_first_one()
    {
        // "a" was appended, then the subscription broke with a second "a" waiting: reading the first one in the history forgot the second.
        Own(1, "e", 0);
        Foreign("a");
        Next();
        Foreign("a");
        _ledger.Lost();
        _ledger.Appended(new Appended(AppendOutcome.Appended, 1), [], []);
        _ledger.Subscribed();

        TakeOver(2, "e", 1);
        _ledger.CaughtUp(Page("e", 1, new StoredPublication(1, Bytes("a"), null, null)), []);

        Assert.Equal(["foreign a"], Next());
    }

    [Fact]
    public void An_empty_page_from_before_the_take_over_is_read_again()
    {
        // It was taken for "all trimmed": the position jumped over publications that the history held.
        Subscribe();
        _ledger.BeginTakeOver("e");
        TakeOver(1, "e", 2);

        var deliver = new List<Publication>();
        Assert.False(_ledger.CaughtUp(new HistoryPage(new StreamPosition("e", 0), 1, []), deliver));

        Assert.True(_ledger.NeedsHistory);
    }

    [Fact]
    public void What_is_ours_and_waits_is_refused_when_ownership_cannot_be_had()
    {
        // Publishers waited without an answer for as long as the take-over failed.
        Subscribe();
        _ledger.BeginTakeOver("e");
        Publish("a", "p1");
        Foreign("b");

        Assert.Equal(["p1"], _ledger.RefuseWaiting());
        TakeOver(1, "e", 0);

        Assert.Equal(["foreign b"], Next());
    }

    [Fact]
    public void What_a_relay_has_delivered_is_what_the_script_must_find()
    {
        _ledger.RelayHasDelivered(new StreamPosition("e", 7));
        _ledger.RelayHasDelivered(new StreamPosition("other", 9));
        _ledger.Begin(new StreamPosition("e", 3));
        _ledger.Subscribed();

        Assert.Equal(new StreamPosition("e", 7), _ledger.BeginTakeOver("f").Known);
    }

    [Fact]
    public void An_owner_that_hears_of_more_than_it_has_takes_over_again_and_asks_for_that()
    {
        Own(1, "e", 0);
        Assert.False(_ledger.MustTakeOver);

        _ledger.RelayHasDelivered(new StreamPosition("e", 7));

        Assert.True(_ledger.MustTakeOver);
        var order = _ledger.BeginTakeOver("f");
        Assert.Equal((new StreamPosition("e", 7), false), (order.Known!.Value, order.ForceNewEpoch));
    }

    [Fact]
    public void What_is_appended_while_an_owner_hears_of_more_counts_from_too_low_so_the_epoch_ends()
    {
        Own(1, "e", 0);
        Publish("a", "p1");
        Next();
        _ledger.RelayHasDelivered(new StreamPosition("e", 1));
        _ledger.Appended(new Appended(AppendOutcome.Appended, 1), [], []);

        Assert.True(_ledger.MustTakeOver);
        Assert.True(_ledger.BeginTakeOver("f").ForceNewEpoch);
        _ledger.Arrived(MarkOf(2, "f", 0));
        _ledger.TakenOver(new TakenOver(2, new StreamPosition("f", 0), true, []));
        Assert.False(_ledger.MustTakeOver);
        Assert.True(_ledger.IsOwning);
    }

    [Fact]
    public void A_former_epoch_that_comes_back_is_ended()
    {
        Own(1, "e", 0);
        TakeOver(2, "f", 0);
        TakeOver(3, "e", 0);

        Assert.True(_ledger.MustTakeOver);
        Assert.True(_ledger.BeginTakeOver("g").ForceNewEpoch);
    }

    [Fact]
    public void A_last_message_whose_publication_has_arrived_is_appended_and_ends_nothing()
    {
        // Somebody's PUBLISH and SETEX came while an owner took over: clients were told that all was lost.
        Subscribe();
        _ledger.BeginTakeOver("e");
        Foreign("a");
        TakeOver(1, "e", 0, "a");

        Assert.True(_ledger.IsOwning);
        Assert.Equal(["foreign a"], Next());
    }

    [Fact]
    public void A_last_message_whose_publication_has_not_arrived_is_waited_for_and_publishes_with_it()
    {
        Subscribe();
        _ledger.BeginTakeOver("e");
        TakeOver(1, "e", 0, "a");
        Publish("b", "p1");
        Assert.True(_ledger.NeedsFence);
        Assert.Empty(Next());

        Foreign("c");
        Assert.Empty(Next());
        Foreign("a");

        Assert.Equal(["b", "foreign c", "foreign a"], Next());
    }

    [Fact]
    public void A_last_message_whose_publication_was_missed_ends_the_epoch_and_loses_nothing_that_waits()
    {
        Subscribe();
        _ledger.BeginTakeOver("e");
        TakeOver(1, "e", 0, "missed");
        Publish("b", "p1");
        Foreign("a");

        _ledger.Passed();
        Assert.True(_ledger.MustTakeOver);
        Assert.True(_ledger.BeginTakeOver("f").ForceNewEpoch);
        _ledger.Arrived(MarkOf(2, "f", 0));
        _ledger.TakenOver(new TakenOver(2, new StreamPosition("f", 0), true, []));

        Assert.Equal(["foreign a", "b"], Next());
    }

    [Fact]
    public void Our_own_publish_that_waits_is_no_proof_that_a_last_message_was_heard()
    {
        Subscribe();
        _ledger.BeginTakeOver("e");
        Publish("a", "p1");
        TakeOver(1, "e", 0, "a");

        _ledger.Passed();

        Assert.True(_ledger.MustTakeOver);
    }

    [Theory]
    [InlineData("small", 4)]
    [InlineData("large", 2)]
    public void What_others_publish_waits_within_bounds_wherever_it_waits(string kind, int fit)
    {
        // Only the number counted, not the bytes, and what was in doubt after a failure did not count at all.
        var payload = kind == "small" ? "a" : new string('a', 400);
        Own(1, "e", 0);
        for (var i = 0; i < 6; i++)
        {
            Foreign(payload);
            if (i == 2) _ledger.Lost();
            if (i == 2) _ledger.Subscribed();
        }

        Assert.Equal(6 - fit, _ledger.Missed);
        Assert.True(_ledger.IsFull);
        TakeOver(2, "e", 0);
        Assert.Equal(fit, Next().Length);
        _ledger.Appended(new Appended(AppendOutcome.Appended, 1), [], []);
        Assert.True(_ledger.HoldsNothingForeign);
        Assert.False(_ledger.IsFull);
    }

    private void Subscribe()
    {
        _ledger.Begin(null);
        _ledger.Subscribed();
    }

    private void Own(long token, string epoch, long offset)
    {
        Subscribe();
        TakeOver(token, epoch, offset);
    }

    private void TakeOver(long token, string epoch, long offset, string? unknownLast = null)
    {
        _ledger.BeginTakeOver(epoch);
        _ledger.Arrived(MarkOf(token, epoch, offset));
        _ledger.TakenOver(new TakenOver(token, new StreamPosition(epoch, offset), false, [], unknownLast is null ? null : LastDigest.Of(Bytes(unknownLast))));
    }

    private void Foreign(string payload) => _ledger.Arrived(new Arrival(Bytes(payload), false));

    private void Publish(string payload, string id) => _ledger.Publish(new OutgoingPublication(Bytes(payload), id, null, 0), id);

    private string[] Next() =>
        [.. _ledger.NextAppend([])?.Publications.Select(one => (one.Foreign ? "foreign " : "") + Encoding.UTF8.GetString(one.Payload)) ?? []];

    private static Arrival MarkOf(long token, string epoch, long first, params string[] copies) =>
        new(Bytes(new Mark(token, epoch, first, [.. copies.Select(copy => Mark.Digest(Bytes(copy)))]).ToString()), true);

    private static HistoryPage Page(string epoch, long offset, params StoredPublication[] stored) => new(new StreamPosition(epoch, offset), 1, stored);

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
