using Broker.Actors.Channels;
using Broker.Actors.Redis;
using Broker.Actors.Relays;

namespace Broker.Actors.Publishing;

/// <summary>What a <see cref="Publisher"/> publishes through: a node, or Redis itself.</summary>
internal interface IPublishTarget
{
    Task<PublishResult> PublishAsync(ChannelName channel, OutgoingPublication publication);
}

/// <summary>Through the node's relays: ordered with what its clients publish.</summary>
internal sealed class RelayTarget(IActorRef relays, TimeProvider time, TimeSpan patience) : IPublishTarget
{
    public Task<PublishResult> PublishAsync(ChannelName channel, OutgoingPublication publication)
    {
        var ticket = new AwaitedTicket();
        relays.Tell(new RelayPublish(channel, publication, ticket, time.GetUtcNow() + patience, Retry: false), ActorRefs.NoSender);
        return ticket.Result;
    }
}

/// <summary>Straight on Redis, as ws4redis's own publisher does: for processes that run no node.</summary>
internal sealed class RedisTarget(IRedisBus bus, string prefix) : IPublishTarget
{
    public async Task<PublishResult> PublishAsync(ChannelName channel, OutgoingPublication publication)
    {
        try
        {
            await bus.PublishAsync(new RedisKeys(channel.ToRedis(prefix)), [publication with { PublishId = null, Shared = false }]);
            return new PublishResult(null, null);
        }
        catch (RedisUnavailableException)
        {
            return new PublishResult(null, PublishFailure.Unknown);
        }
    }
}
