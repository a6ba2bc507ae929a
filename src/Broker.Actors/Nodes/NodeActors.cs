using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Redis;
using Broker.Actors.Relays;
using Broker.Actors.Serving;
using Broker.Actors.Settings;
using Broker.Actors.Streams;
using Broker.Actors.Subscribing;
using Microsoft.Extensions.Logging;

namespace Broker.Actors.Nodes;

/// <summary>The actors that every node has, and how they find each other.</summary>
internal sealed record NodeActors(
    IActorRef Channels, IActorRef Relays, IActorRef Connections, IActorRef Door, IActorRef DeadLetters, IActorRef LostPublishes, IActorRef Control, IReadOnlyList<IActorRef> Streams)
{
    /// <summary>As many as a large cluster needs; every node must agree.</summary>
    public const int Shards = 512;

    private const string ShardType = "broker-channel";

    public static NodeActors Start(BrokerServices services, TimeSpan heartbeatInterval)
    {
        var system = services.System;
        var sharding = ClusterSharding.Get(system);
        var settings = ClusterShardingSettings.Create(system);
        var channels = sharding.Start(
            ShardType,
            id => ChannelProps(id, services),
            settings,
            HashCodeMessageExtractor.Create(Shards, message => EntityOf(message, services), message => message),
            sharding.DefaultShardAllocationStrategy(settings),
            StopChannel.Instance);

        var relays = system.ActorOf(services.OnChannelDispatcher(Props.Create(() => new RelaysActor(channels, services))), "broker-relays");
        var connections = system.ActorOf(Props.Create(() => new ConnectionsActor(relays, services, heartbeatInterval)), "broker-connections");
        var door = system.ActorOf(Props.Create(() => new DoorActor(relays, services)), "broker-door");
        var control = system.ActorOf(Props.Create(() => new ControlActor(connections, services)), ControlActor.Name);
        var letters = system.ActorOf(Props.Create(() => new DeadLetterCounter(services.Metrics)), "broker-dead-letters");
        system.EventStream.Subscribe(letters, typeof(DeadLetter));
        var lost = system.ActorOf(Props.Create(() => new LostPublishes()), "broker-lost-publishes");
        system.EventStream.Subscribe(lost, typeof(DeadLetter));
        IActorRef[] streams = [.. services.Settings.Streams.Select(rule => StartStream(rule, relays, services))];
        return new NodeActors(channels, relays, connections, door, letters, lost, control, streams);
    }

    /// <summary>
    /// Stops the clients' side; completes when it is gone. Before the channels: relays attach again when an owner goes, and a shard region that hands over would keep that until it
    /// times out.
    /// </summary>
    public async Task StopClientsAsync(ActorSystem system)
    {
        await StopAsync(system, StopStream.Instance, [.. Streams]);
        await StopAsync(system, PoisonPill.Instance, Control, Connections, Door, Relays);
    }

    /// <summary>Stops all of them in a system that lives on; completes when they are gone.</summary>
    public async Task StopAsync(ActorSystem system)
    {
        await StopClientsAsync(system);
        await StopAsync(system, GracefulShutdown.Instance, Channels);
        await StopAsync(system, PoisonPill.Instance, DeadLetters, LostPublishes);
    }

    private static Task StopAsync(ActorSystem system, object order, params IActorRef[] actors)
    {
        if (actors.Length == 0) return Task.CompletedTask;

        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        system.ActorOf(Props.Create(() => new StopWatcher(actors, order, stopped)));
        return stopped.Task;
    }

    /// <summary>Streams are Redis's: the settings ask for one.</summary>
    private static IActorRef StartStream(StreamRule rule, IActorRef relays, BrokerServices services)
    {
        var bus = (RedisBus)services.Bus;
        return services.System.ActorOf(Props.Create(() => new StreamActor(rule, bus, relays, services)));
    }

    private static string? EntityOf(object message, BrokerServices services) =>
        message is IChannelMessage order ? ChannelEntity.IdOf(order.Channel, services.Settings.Prefix) : null;

    private static Props ChannelProps(string id, BrokerServices services) =>
        services.OnChannelDispatcher(ChannelEntity.HistoryOf(id, services.Settings, services.Bus.IsCluster) is { } limits
            ? Props.Create(() => new HistoryChannelActor(limits, services))
            : Props.Create(() => new LiveChannelActor(services)));

    private sealed class StopWatcher : ReceiveActor
    {
        private int _running;

        public StopWatcher(IReadOnlyList<IActorRef> actors, object order, TaskCompletionSource stopped)
        {
            _running = actors.Count;
            foreach (var actor in actors)
            {
                Context.Watch(actor);
                actor.Tell(order, ActorRefs.NoSender);
            }

            Receive<Terminated>(_ =>
            {
                if (--_running > 0) return;

                stopped.TrySetResult();
                Context.Stop(Self);
            });
        }
    }
}
