using Broker.Actors.Redis;

namespace Broker.Actors.Tests.Redis;

/// <summary>Subscribing, unsubscribing and fences.</summary>
public abstract class SubscriptionContract(AnyRedis redis) : BusContract(redis)
{
    [Fact]
    public async Task Nothing_arrives_after_unsubscribing()
    {
        var (channel, witness) = (await SubscribeAsync(), new Recorder());
        await PublishAsync(Own("before"));
        await channel.PayloadsAsync(1);

        Bus.Unsubscribe(Keys.Channel, channel);
        await PublishAsync(Own("between"));
        Bus.Subscribe(Keys.Channel, Keys.Mark, witness);
        await witness.SubscribedAsync();
        await PublishAsync(Own("after"));
        await witness.PayloadAsync("after");

        Assert.Equal(["subscribed", "before"], channel.Log);
    }

    [Fact]
    public async Task A_former_subscriber_cannot_end_the_subscription_of_its_successor()
    {
        var (former, successor) = (await SubscribeAsync(), new Recorder());

        Bus.Subscribe(Keys.Channel, Keys.Mark, successor);
        Bus.Unsubscribe(Keys.Channel, former);
        await successor.SubscribedAsync();
        await PublishAsync(Own("hello"));
        await successor.PayloadAsync("hello");

        Assert.Equal(["subscribed", "hello"], successor.Log);
        Assert.Equal(["subscribed"], former.Log);
    }

    [Fact]
    public async Task Whoever_subscribes_again_and_again_gets_each_publication_once_and_only_after_the_confirmation()
    {
        var recorders = new List<Recorder>();
        var publishes = new List<Task>();
        for (var i = 0; i < 50; i++)
        {
            var recorder = new Recorder();
            recorders.Add(recorder);
            Bus.Subscribe(Keys.Channel, Keys.Mark, recorder);
            publishes.Add(PublishAsync(Own($"{i}")));
            if (i % 3 == 0) Bus.Unsubscribe(Keys.Channel, recorder);
        }

        await Task.WhenAll(publishes);
        var last = await SubscribeAsync();
        await PublishAsync(Own("end"));
        await last.PayloadAsync("end");

        // On a cluster what other nodes published before may still come to the last one.
        Assert.Equal(("subscribed", "end"), (last.Log[0], last.Log[^1]));
        recorders.Add(last);
        Assert.All(recorders, recorder => Assert.True(recorder.Log.Count == 0 || recorder.Log[0] == "subscribed"));
        var arrived = recorders.SelectMany(recorder => recorder.Payloads).ToArray();
        Assert.Equal(arrived.Distinct(), arrived);
    }

    [Fact]
    public async Task Many_channels_are_subscribed_at_once()
    {
        var channels = Enumerable.Range(0, 1500).Select(i => (Keys: new RedisKeys($"{Keys.Channel}:{i}"), Recorder: new Recorder())).ToArray();
        foreach (var (keys, recorder) in channels) Bus.Subscribe(keys.Channel, keys.Mark, recorder);
        foreach (var (_, recorder) in channels) await recorder.SubscribedAsync();

        await Task.WhenAll(channels.Select(channel => Bus.PublishAsync(channel.Keys, [Own(channel.Keys.Channel)])));
        foreach (var (_, recorder) in channels) await recorder.PayloadsAsync(1);

        Assert.All(channels, channel => Assert.Equal(["subscribed", channel.Keys.Channel], channel.Recorder.Log));
    }

    [Fact]
    public async Task A_mark_channel_tells_marks_from_publications()
    {
        var channel = await SubscribeAsync();

        await DoAsync("PUBLISH", Keys.Mark, "not a mark");
        await DoAsync("PUBLISH", Keys.Channel, "a publication");
        await channel.PayloadsAsync(1);

        Assert.Equal([true, false], channel.Arrivals.Select(arrival => arrival.IsMark));
    }

    [Fact]
    public async Task One_name_can_be_a_channel_and_the_mark_channel_of_another()
    {
        var (first, second) = (new Recorder(), new Recorder());
        Bus.Subscribe(Keys.Channel, Keys.Mark, first);
        Bus.Subscribe(Keys.Mark, null, second);
        await Task.WhenAll(first.SubscribedAsync(), second.SubscribedAsync());

        await DoAsync("PUBLISH", Keys.Mark, "hello");
        await first.MarksAsync(1);
        await second.PayloadsAsync(1);
        Bus.Unsubscribe(Keys.Channel, first);
        await DoAsync("PUBLISH", Keys.Mark, "again");
        await second.PayloadsAsync(2);

        Assert.Equal(["subscribed", "mark hello"], first.Log);
    }

    [Fact]
    public async Task A_fence_passes_behind_everything_that_was_published_before_it()
    {
        var channel = await SubscribeAsync();
        var published = new List<int>();

        for (var i = 1; i <= 200; i++)
        {
            await PublishAsync([.. Enumerable.Range(0, 10).Select(n => Own($"{i}.{n}"))]);
            Bus.Fence(Keys.Channel, i);
            published.Add(i);
        }

        await channel.PassedAsync(200);
        foreach (var i in published) Assert.True(IndexOf(channel, $"passed {i}") > IndexOf(channel, $"{i}.9"), $"fence {i} passed too early");
        Assert.Equal(published.Select(i => $"passed {i}"), channel.Log.Where(entry => entry.StartsWith("passed", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Fences_of_many_channels_pass_together()
    {
        var channels = new List<(RedisKeys Keys, Recorder Recorder)>();
        for (var i = 0; i < 100; i++)
        {
            var keys = new RedisKeys($"{Keys.Channel}:{i}");
            channels.Add((keys, await SubscribeAsync(keys)));
        }

        Parallel.ForEach(channels, channel => Bus.Fence(channel.Keys.Channel, 7));

        foreach (var (_, recorder) in channels) await recorder.PassedAsync(7);
    }

    [Fact]
    public async Task A_fence_without_a_confirmed_subscription_is_dropped()
    {
        Bus.Fence(Keys.Channel, 1);
        var channel = await SubscribeAsync();
        Bus.Fence(Keys.Channel, 2);
        await channel.PassedAsync(2);

        Assert.Equal(["subscribed", "passed 2"], channel.Log);
    }

    [Fact]
    public async Task A_bus_that_is_disposed_calls_nobody_any_more()
    {
        await using var other = await OpenAsync();
        var recorder = new Recorder();
        other.Subscribe(Keys.Channel, Keys.Mark, recorder);
        await recorder.SubscribedAsync();

        await other.DisposeAsync();
        await Assert.ThrowsAsync<RedisUnavailableException>(other.PingAsync);

        Assert.Equal(["subscribed"], recorder.Log);
    }

    [Fact]
    public async Task A_subscriber_that_throws_hurts_nobody_else()
    {
        var channel = await SubscribeAsync();
        var other = new RedisKeys(Keys.Channel + ":other");
        Bus.Subscribe(other.Channel, null, new Thrower());

        await Bus.PublishAsync(other, [Own("boom")]);
        await PublishAsync(Own("hello"));

        await channel.PayloadsAsync(1);
    }

    private static int IndexOf(Recorder recorder, string entry) => recorder.Log.ToList().IndexOf(entry);

    private sealed class Thrower : IArrivals
    {
        public void Subscribed() => throw new InvalidOperationException("subscribed");

        public void Arrived(IReadOnlyList<Arrival> arrivals) => throw new InvalidOperationException("arrived");

        public void Passed(long ticket) => throw new InvalidOperationException("passed");

        public void Lost() => throw new InvalidOperationException("lost");

        public void Refused(string reason) => throw new InvalidOperationException("refused");
    }
}
