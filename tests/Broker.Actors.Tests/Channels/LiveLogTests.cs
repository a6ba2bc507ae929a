using System.Text;
using Broker.Actors.Channels;
using Broker.Actors.Redis;

namespace Broker.Actors.Tests.Channels;

public sealed class LiveLogTests
{
    private readonly ManualTime _time = new();
    private readonly LiveLog _log;

    public LiveLogTests() => _log = new LiveLog(ChannelName.Broadcast("news"), "e", _time);

    [Fact]
    public void Every_arrival_is_counted_and_own_ones_carry_their_origin_whatever_comes_between() => Interleavings.Check(5000, 100, choices =>
    {
        var log = new LiveLog(ChannelName.Broadcast("news"), "e", _time);
        var redis = new Queue<string>();
        var sent = new List<OutgoingPublication>();
        var arrived = new List<Publication>();
        var foreign = 0;
        while (!choices.AreOver || redis.Count > 0)
        {
            switch (choices.AreOver ? 2 : choices.Next(3))
            {
                case 0:
                    var own = new OutgoingPublication(Encoding.UTF8.GetBytes(choices.Once(3) ? "b" : "a"), $"{sent.Count}", $"{sent.Count}", 0);
                    log.Sending(own);
                    sent.Add(own);
                    redis.Enqueue(Encoding.UTF8.GetString(own.Payload));
                    break;
                case 1:
                    foreign++;
                    redis.Enqueue(choices.Once(3) ? "b" : "a");
                    break;
                default:
                    if (redis.TryDequeue(out var payload)) arrived.Add(log.Arrived(Encoding.UTF8.GetBytes(payload)));
                    break;
            }
        }

        Assert.Equal(Enumerable.Range(1, arrived.Count).Select(i => (long)i), arrived.Select(one => one.Position.Offset));
        Assert.Equal(foreign, arrived.Count(one => one.Origin is null));
        Assert.Equal(sent.Select(one => one.Origin).Order(), arrived.Select(one => one.Origin).OfType<string>().Order());
        Assert.True(log.IsIdle);
    });

    [Fact]
    public void A_copy_that_never_comes_is_forgotten_after_a_while()
    {
        var own = Own("a");
        _log.Sending(own);
        _log.Answered(own);

        Assert.True(_log.ForgetLate());
        Assert.True(_log.Holds("a"u8));
        _time.Advance(LiveLog.Patience);

        Assert.False(_log.ForgetLate());
        Assert.Null(_log.Arrived("a"u8.ToArray()).Origin);
    }

    [Fact]
    public void After_an_outage_a_last_value_that_nobody_got_is_news()
    {
        _log.Know("old"u8.ToArray());
        _log.Arrived("delivered"u8.ToArray());

        Assert.True(_log.Missed("new"u8.ToArray()));
        Assert.False(_log.Missed("old"u8.ToArray()));
        Assert.False(_log.Missed("delivered"u8.ToArray()));
        Assert.False(_log.Missed(null));
    }

    [Fact]
    public void A_last_value_that_was_set_here_and_whose_copy_an_outage_swallowed_is_news()
    {
        // SETEX and PUBLISH were carried out, the connection broke before the copy came: the value passed for known and nobody got it.
        _log.Sending(Own("a", expire: 60));

        Assert.True(_log.Missed("a"u8.ToArray()));
    }

    [Fact]
    public void A_last_value_set_here_is_no_news_however_much_was_delivered_since()
    {
        _log.Sending(Own("a", expire: 60));
        _log.Arrived("a"u8.ToArray());
        for (var i = 0; i < 2 * LiveLog.Remembered; i++) _log.Arrived(Encoding.UTF8.GetBytes($"{i}"));

        Assert.False(_log.Missed("a"u8.ToArray()));
    }

    private static OutgoingPublication Own(string payload, int expire = 0) => new(Encoding.UTF8.GetBytes(payload), "id", "origin", expire);

    private sealed class ManualTime : TimeProvider
    {
        private DateTimeOffset _now = DateTimeOffset.UnixEpoch;

        public override DateTimeOffset GetUtcNow() => _now;

        public void Advance(TimeSpan by) => _now += by;
    }
}
