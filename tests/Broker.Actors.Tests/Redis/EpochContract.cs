using Broker.Actors.Channels;
using Broker.Actors.Redis;

namespace Broker.Actors.Tests.Redis;

/// <summary>A new epoch needs proof that the old one lost something.</summary>
public abstract class EpochContract(AnyRedis redis) : BusContract(redis)
{
    private Task<TakenOver> TakeOverAsync(string epoch, StreamPosition? known = null, bool force = false) =>
        Bus.TakeOverAsync(Keys, new TakeOver(epoch, known, 3, force));

    private Task<Appended> AppendAsync(TakenOver owner, OutgoingPublication publication, TimeSpan? ttl = null) =>
        Bus.AppendAsync(Keys, new Append(owner.Token, owner.Position.Epoch, new HistoryLimits(3, ttl ?? TimeSpan.FromMinutes(5)), [publication]));

    private async Task<TakenOver> BeginAsync(params OutgoingPublication[] publications)
    {
        var owner = await TakeOverAsync("e1");
        foreach (var publication in publications) await AppendAsync(owner, publication);
        return owner;
    }

    private async Task GoesOnAsync(long offset, StreamPosition? known = null)
    {
        var next = await TakeOverAsync("e2", known);
        Assert.Equal((new StreamPosition("e1", offset), false), (next.Position, next.IsNewEpoch));
        Assert.Null(next.UnknownLast);
    }

    private async Task BeginsAnewAsync(StreamPosition? known = null, bool force = false)
    {
        var next = await TakeOverAsync("e2", known, force);
        Assert.Equal((new StreamPosition("e2", 0), true), (next.Position, next.IsNewEpoch));
        Assert.Empty(next.PublishIds);
        Assert.Null(next.UnknownLast);
        Assert.Empty((await Bus.ReadHistoryAsync(Keys, 0, 100, int.MaxValue)).Publications);
    }

    [Fact]
    public async Task Without_proof_the_epoch_goes_on()
    {
        await BeginAsync(Own("a"), Own("b"));

        await GoesOnAsync(2);
        await GoesOnAsync(2, known: new StreamPosition("e1", 2));
        await GoesOnAsync(2, known: new StreamPosition("e1", 1));
    }

    [Fact]
    public async Task A_lost_meta_is_proof()
    {
        await BeginAsync(Own("a", "p1"));
        await DoAsync("DEL", Keys.Meta);

        await BeginsAnewAsync();
    }

    [Fact]
    public async Task An_offset_below_what_was_delivered_is_proof()
    {
        await BeginAsync(Own("a", "p1"));

        await BeginsAnewAsync(known: new StreamPosition("e1", 2));
    }

    [Fact]
    public async Task An_offset_below_what_was_delivered_in_another_epoch_is_no_proof()
    {
        await BeginAsync(Own("a"));

        await GoesOnAsync(1, known: new StreamPosition("e0", 99));
    }

    [Fact]
    public async Task Who_knows_better_can_force_it()
    {
        await BeginAsync(Own("a", "p1"));

        await BeginsAnewAsync(force: true);
    }

    [Fact]
    public async Task A_history_ahead_of_its_meta_is_proof()
    {
        await BeginAsync(Own("a", "p1"), Own("b"));
        await DoAsync("HSET", Keys.Meta, "offset", "1");

        await BeginsAnewAsync();
    }

    [Fact]
    public async Task A_last_message_that_no_history_has_held_is_told_until_it_is_appended_and_the_epoch_goes_on()
    {
        // The script ended the epoch for it, though its publication had reached the new owner and only waited to be appended.
        await BeginAsync(Own("a", expire: 60));
        await DoAsync("SETEX", Keys.Channel, "60", "unknown");

        var next = await TakeOverAsync("e2");
        Assert.Equal((new StreamPosition("e1", 1), false, LastDigest.Of("unknown"u8)), (next.Position, next.IsNewEpoch, next.UnknownLast));
        next = await TakeOverAsync("e2");
        Assert.Equal(LastDigest.Of("unknown"u8), next.UnknownLast);

        foreach (var payload in new[] { "unknown", "b", "c", "d" }) await AppendAsync(next, Foreign(payload));
        await GoesOnAsync(5);
    }

    [Fact]
    public async Task A_last_message_for_which_the_epoch_was_ended_is_not_told_again()
    {
        await BeginAsync(Own("a", expire: 60));
        await DoAsync("SETEX", Keys.Channel, "60", "missed");
        await BeginsAnewAsync(force: true);
        await AppendAsync(await TakeOverAsync("e3"), Own("b"));

        var next = await TakeOverAsync("e4");
        Assert.Equal((new StreamPosition("e2", 1), false, null), (next.Position, next.IsNewEpoch, next.UnknownLast));
    }

    [Fact]
    public async Task A_last_message_that_was_there_before_the_history_is_no_proof()
    {
        await DoAsync("SETEX", Keys.Channel, "60", "from before");
        await BeginAsync(Own("a"));

        await GoesOnAsync(1);
    }

    [Fact]
    public async Task A_last_message_of_an_unused_history_is_no_proof()
    {
        await BeginAsync();
        await DoAsync("SETEX", Keys.Channel, "60", "the first of all");

        await GoesOnAsync(0);
    }

    [Fact]
    public async Task Our_own_last_message_is_no_proof_when_the_history_has_dropped_it()
    {
        await BeginAsync(Own("kept", expire: 60), Own("b"), Own("c"), Own("d"), Own("e"));

        await GoesOnAsync(5);
    }

    [Fact]
    public async Task Our_own_last_message_is_no_proof_when_the_history_is_gone_by_its_age()
    {
        var owner = await BeginAsync();
        await AppendAsync(owner, Own("kept", expire: 60), ttl: TimeSpan.FromSeconds(1));
        Elapse(TimeSpan.FromSeconds(1));
        await UntilAsync(async () => (await DoAsync("EXISTS", Keys.History)).Number == 0);

        await GoesOnAsync(1);
    }

    [Fact]
    public async Task A_foreign_last_message_is_no_proof_while_the_history_holds_it()
    {
        await BeginAsync(Own("a", expire: 60), Foreign("foreign"));
        await DoAsync("SETEX", Keys.Channel, "60", "foreign");

        await GoesOnAsync(2);
    }

    [Fact]
    public async Task A_foreign_last_message_is_no_proof_when_the_history_held_it_once()
    {
        var owner = await BeginAsync(Own("a", expire: 60));
        await DoAsync("SETEX", Keys.Channel, "60", "foreign");
        foreach (var publication in new[] { Foreign("foreign"), Own("b"), Own("c"), Own("d") }) await AppendAsync(owner, publication);

        await GoesOnAsync(5);
    }

    [Fact]
    public async Task An_expired_or_removed_last_message_is_no_proof()
    {
        await BeginAsync(Own("a", expire: 60));
        await Bus.RemoveLastAsync(Keys);

        await GoesOnAsync(1);
    }
}
