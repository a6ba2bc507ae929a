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
/// <param name="relays">The node's.</param>
/// <param name="services">The node's.</param>
/// <param name="stopped">The node has stopped: nothing is answered any more.</param>
internal sealed class RelayTarget(IActorRef relays, BrokerServices services, CancellationToken stopped) : IPublishTarget
{
    public async Task<PublishResult> PublishAsync(ChannelName channel, OutgoingPublication publication)
    {
        if (stopped.IsCancellationRequested) return new PublishResult(null, PublishFailure.Unavailable);

        var ticket = new AwaitedTicket();
        var until = services.Now + services.Settings.PublishTimeout;
        relays.Tell(new RelayPublish(channel, publication, ticket, until, Retry: false), ActorRefs.NoSender);
        try
        {
            var result = await ticket.Result.WaitAsync(stopped);
            services.Metrics.PublishEnded(result);
            return result;
        }
        catch (OperationCanceledException)
        {
            return new PublishResult(null, PublishFailure.Unknown);
        }
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
