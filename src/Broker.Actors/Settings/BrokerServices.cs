using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Nodes;
using Broker.Actors.Presence;
using Broker.Actors.Redis;
using Broker.Actors.Rich;
using Broker.Actors.Sessions;
using Microsoft.Extensions.Logging;

namespace Broker.Actors.Settings;

/// <summary>What the actors of a node share.</summary>
internal sealed record BrokerServices(
    ActorSystem System, IRedisBus Bus, BrokerSettings Settings, BrokerMetrics Metrics, ILogger Log, TimeProvider Time, IPublishHandler? PublishHandler,
    HistoryLease? HistoryLease = null, Membership? Membership = null)
{
    /// <summary>The dispatcher of channels and relays; its kind is configured.</summary>
    private const string ChannelDispatcher = "broker-channel-dispatcher";

    private readonly bool _hasDispatcher = System.Settings.Config.HasPath(ChannelDispatcher);

    /// <summary>The nodes that may have members of this one's channels.</summary>
    public ClusterNodes Nodes { get; init; } = ClusterNodes.Alone;

    /// <summary>Names the node to clients: it says nothing of where it is.</summary>
    public string NodeId { get; } = Epochs.New();

    /// <summary>The connections of each user on this node, and what they share.</summary>
    public NodeUsers Users { get; } = new(Settings.Rich.Limits, Time);

    /// <summary>Whether credentials that have just been looked at may have been taken back since.</summary>
    public RevokingTurns Revoking { get; } = new();

    /// <summary>What durations on this node are measured with: unlike the time of day it is never set. Counts from some moment in the past and means nothing elsewhere.</summary>
    public TimeSpan Now => Time.GetElapsedTime(0);

    /// <summary>Puts an actor there, unless the application's own actor system has no such dispatcher.</summary>
    public Props OnChannelDispatcher(Props props) => _hasDispatcher ? props.WithDispatcher(ChannelDispatcher) : props;

    /// <summary>What holds on a channel. On Redis Cluster one whose keys do not share a slot has no history, whatever the settings say.</summary>
    public ChannelOptions OptionsOf(ChannelName channel)
    {
        var options = Settings.OptionsOf(channel);
        if (options.History is null || !Bus.IsCluster || new RedisKeys(channel.ToRedis(Settings.Prefix)).ShareOneSlot) return options;

        return options with { History = null, Recovery = RecoveryMode.Off, Positioned = false };
    }

    /// <summary>This node may own channels. While it may not, others may own its.</summary>
    public bool MayOwn => Membership is null or { IsHeld: true };

    /// <summary>This node may own channels with history.</summary>
    public bool MayOwnHistories => MayOwn && HistoryLease is null or { IsHeld: true };
}
