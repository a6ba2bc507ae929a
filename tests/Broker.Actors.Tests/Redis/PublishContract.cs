using Broker.Actors.Redis;

namespace Broker.Actors.Tests.Redis;

/// <summary>Publishing without history, and the last message.</summary>
public abstract class PublishContract(AnyRedis redis) : BusContract(redis)
{
    [Fact]
    public async Task A_payload_arrives_byte_for_byte()
    {
        byte[] everyByte = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];
        var channel = await SubscribeAsync();

        await PublishAsync(new OutgoingPublication(everyByte, null, null, 0));
        await PublishAsync(new OutgoingPublication([], null, null, 5));
        await channel.PayloadsAsync(2);

        Assert.Equal(everyByte, channel.Arrivals[0].Payload);
        Assert.Empty(channel.Arrivals[1].Payload);
        Assert.All(channel.Arrivals, arrival => Assert.False(arrival.IsMark));
    }

    [Fact]
    public async Task A_batch_arrives_in_its_order()
    {
        var channel = await SubscribeAsync();

        await PublishAsync([.. Enumerable.Range(0, 512).Select(i => Own($"{i}", expire: i % 3))]);
        await channel.PayloadsAsync(512);

        Assert.Equal(Enumerable.Range(0, 512).Select(i => $"{i}"), channel.Payloads);
        Assert.Equal("511", await LastAsync());
    }

    [Fact]
    public async Task Publishes_that_do_not_wait_for_each_other_keep_their_order()
    {
        var channel = await SubscribeAsync();

        await Task.WhenAll(Enumerable.Range(0, 1000).Select(i => PublishAsync(Own($"{i}", expire: i % 2))));
        await channel.PayloadsAsync(1000);

        Assert.Equal(Enumerable.Range(0, 1000).Select(i => $"{i}"), channel.Payloads);
    }

    [Fact]
    public async Task What_others_publish_arrives_like_what_we_publish()
    {
        var channel = await SubscribeAsync();

        await PublishAsync(Own("one"));
        await DoAsync("PUBLISH", Keys.Channel, "two");
        await PublishAsync(Own("three"));
        await channel.PayloadsAsync(3);

        Assert.Equal(["one", "two", "three"], channel.Payloads);
    }

    [Fact]
    public async Task A_publication_that_expires_later_stays_as_last_message()
    {
        Assert.Null(await LastAsync());

        await PublishAsync(Own("kept", expire: 60));
        await PublishAsync(Own("not kept"));

        Assert.Equal("kept", await LastAsync());
        Assert.InRange((await DoAsync("TTL", Keys.Channel)).Number!.Value, 58, 60);
    }

    [Fact]
    public async Task A_batch_leaves_behind_the_last_message_that_its_publications_one_by_one_would()
    {
        await PublishAsync(Own("first", expire: 60), Own("second", expire: 30), Own("third"));

        Assert.Equal("second", await LastAsync());
        Assert.InRange((await DoAsync("TTL", Keys.Channel)).Number!.Value, 28, 30);
    }

    [Fact]
    public async Task The_last_message_expires()
    {
        await PublishAsync(Own("kept", expire: 1));
        Assert.Equal("kept", await LastAsync());

        Elapse(TimeSpan.FromSeconds(1));

        await UntilAsync(async () => await LastAsync() is null);
    }

    [Fact]
    public async Task The_last_message_can_be_removed()
    {
        await PublishAsync(Own("kept", id: "p1", expire: 60, shared: true));

        Assert.True(await Bus.RemoveLastAsync(Keys));
        Assert.False(await Bus.RemoveLastAsync(Keys));
        Assert.Null(await LastAsync());
        Assert.Equal(0, (await DoAsync("EXISTS", Keys.LastId)).Number);
    }

    [Fact]
    public async Task What_one_call_published_on_several_channels_is_known_by_its_publish_id()
    {
        await PublishAsync(Own("hello", id: "p1", expire: 60, shared: true));

        Assert.Equal("p1", (await Bus.ReadLastAsync(Keys)).PublishId);
    }

    [Fact]
    public async Task A_last_message_of_one_channel_only_has_no_publish_id()
    {
        await PublishAsync(Own("hello", id: "p1", expire: 60));

        Assert.Null((await Bus.ReadLastAsync(Keys)).PublishId);
    }

    [Fact]
    public async Task A_publish_id_is_forgotten_when_somebody_else_sets_another_last_message()
    {
        await PublishAsync(Own("hello", id: "p1", expire: 60, shared: true));

        await DoAsync("SETEX", Keys.Channel, "60", "another");

        Assert.Equal(("another", null), (await LastAsync(), (await Bus.ReadLastAsync(Keys)).PublishId));
    }

    [Fact]
    public async Task A_batch_keeps_the_publish_id_of_the_shared_publication_that_is_last()
    {
        await PublishAsync(Own("a", id: "p1", expire: 60, shared: true), Own("b", id: "p2", expire: 60, shared: true), Own("c", id: "p3"));
        Assert.Equal("p2", (await Bus.ReadLastAsync(Keys)).PublishId);

        await PublishAsync(Own("d", id: "p4", expire: 60, shared: true), Own("e", id: "p5", expire: 60));
        Assert.Null((await Bus.ReadLastAsync(Keys)).PublishId);
    }

    [Fact]
    public async Task A_key_of_another_type_reads_as_no_last_message_and_is_replaced_by_the_next()
    {
        await DoAsync("RPUSH", Keys.Channel, "not", "a", "message");
        Assert.Null(await LastAsync());

        await PublishAsync(Own("hello", expire: 60));
        Assert.Equal("hello", await LastAsync());
    }
}
