using Broker.Actors.Channels;
using Broker.Actors.Redis;
using Broker.Actors.Relays;
using Broker.Actors.Settings;

namespace Broker.Actors.Publishing;

/// <summary>What a <see cref="Publisher"/> publishes through: a node, or Redis itself.</summary>
internal interface IPublishTarget
{
    Task<PublishResult> PublishAsync(ChannelName channel, OutgoingPublication publication);
}

/// <summary>Through the node's relays: ordered with what its clients publish.</summary>
internal sealed class RelayTarget(IActorRef relays, BrokerServices services) : IPublishTarget
{
    public async Task<PublishResult> PublishAsync(ChannelName channel, OutgoingPublication publication)
    {
        var ticket = new AwaitedTicket();
        var until = services.Time.GetUtcNow() + services.Settings.PublishTimeout;
        relays.Tell(new RelayPublish(channel, publication, ticket, until, Retry: false), ActorRefs.NoSender);

        var result = await ticket.Result;
        services.Metrics.PublishEnded(result);
        return result;
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
