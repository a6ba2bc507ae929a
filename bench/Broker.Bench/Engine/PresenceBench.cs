using Broker.Actors.Channels;
using Broker.Actors.Nodes;
using Broker.Actors.Relays;
using Broker.Actors.Rich.Protocol;

namespace Broker.Bench.Engine;

/// <summary>100,000 members of one channel on one node: what one of them costs to come, to be read and to go. With the relay's and the owner's part, and nobody who wants to be told.</summary>
internal static class PresenceBench
{
    private const int Count = 100_000;

    private static readonly ChannelName Room = ChannelName.Broadcast("room");

    public static Task<Figure> Come(ActorSystem system) => Measure(system, async (node, guests) =>
    {
        var clock = new Clock();
        await AllAsync(node, guests, comes: true);
        return clock.Rate(Count);
    });

    public static Task<Figure> Go(ActorSystem system) => Measure(system, async (node, guests) =>
    {
        await AllAsync(node, guests, comes: true);
        var clock = new Clock();
        await AllAsync(node, guests, comes: false);
        return clock.Rate(Count);
    });

    public static Task<Figure> Read(ActorSystem system) => Measure(system, async (node, guests) =>
    {
        await AllAsync(node, guests, comes: true);
        var clock = new Clock();
        var members = await node.ReadPresenceAsync(Room);
        return clock.Rate(members.Count);
    });

    public static Task<Figure> Stats(ActorSystem system) => Measure(system, async (node, guests) =>
    {
        await AllAsync(node, guests, comes: true);
        var clock = new Clock();
        for (var i = 0; i < 10_000; i++) await node.ReadPresenceStatsAsync(Room);
        return clock.Rate(10_000);
    });

    private static async Task<Figure> Measure(ActorSystem system, Func<BrokerNode, Guest[], Task<Figure>> measure)
    {
        await using var node = await BrokerNode.StartAsync();
        var owner = system.ActorOf(Props.Create(() => new Nobody()));
        return await measure(node, [.. Enumerable.Range(0, Count).Select(i => new Guest(owner, new ClientInfo($"user-{i}", $"{Guid.NewGuid()}", "{\"name\":\"somebody\"}"u8.ToArray(), default)))]);
    }

    private static async Task AllAsync(BrokerNode node, Guest[] guests, bool comes)
    {
        var relays = node.Services.System.ActorSelection("/user/broker-relays");
        foreach (var guest in guests) relays.Tell(comes ? new Join(Room, guest) : new Leave(Room, guest), ActorRefs.NoSender);
        while ((await node.ReadPresenceStatsAsync(Room)).Clients != (comes ? Count : 0)) await Task.Delay(1);
    }

    private sealed class Nobody : ReceiveActor
    {
        public Nobody() => ReceiveAny(_ => { });
    }

    private sealed class Guest(IActorRef owner, ClientInfo member) : Subscriber(owner, "", JoinMode.Live)
    {
        public override ClientInfo Member => member;

        public override void Replay(ReadOnlyMemory<byte> payload, string? publishId)
        {
        }

        public override int Deliver(Dispatch dispatch) => 0;
    }
}
