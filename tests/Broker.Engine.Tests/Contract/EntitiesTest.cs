using System.Collections.Concurrent;

namespace Broker.Engine.Tests.Contract;

/// <summary>Several nodes with one type of entities, which count their messages and keep a record of their lives.</summary>
public abstract class EntitiesTest : ClusterTest
{
    /// <summary>Where no node is to be taken for dead only because the machine is busy.</summary>
    protected const string LongLease = "akka.cluster.lease = 6s";

    private protected static async Task<(string Text, string Where)> AskAsync(Node node, int id)
    {
        var text = await node.Region.Ask<string>(new ShardingEnvelope($"{id}", "count"), Patience);
        return (text.Split('@')[0].TrimEnd(), text.Split('@')[1]);
    }

    private protected static async Task<bool> TouchAllAsync(Node node, int count)
    {
        var asked = Enumerable.Range(0, count).Select(id => node.Region.Ask<string>(new ShardingEnvelope($"{id}", "count"), TimeSpan.FromSeconds(10)));
        try
        {
            await Task.WhenAll(asked);
            return true;
        }
        catch (AskTimeoutException)
        {
            return false;
        }
    }

    private protected static async Task<int> CountAsync(Node node)
    {
        var state = await node.Region.Ask<CurrentShardRegionState>(GetShardRegionState.Instance, Patience);
        return state.Shards.Sum(shard => shard.EntityIds.Count);
    }

    private protected async Task<Node[]> StartNodesAsync(int count, string more = "")
    {
        var life = new ConcurrentQueue<Event>();
        var systems = await StartManyAsync(count, more);
        return [.. systems.Select(system => Node.On(system, life))];
    }

    private protected sealed record Event(string Id, string What, string Where);

    private sealed record HandedOff;

    private protected sealed record Node(ActorSystem System, IActorRef Region, ConcurrentQueue<Event> Life, string Name)
    {
        public static Node On(ActorSystem system, ConcurrentQueue<Event> life)
        {
            var name = $"{Cluster.Get(system).SelfAddress.Port}";
            var sharding = ClusterSharding.Get(system);
            var settings = ClusterShardingSettings.Create(system);
            var region = sharding.Start(
                "thing",
                id => Props.Create(() => new Entity(id, name, life)),
                settings,
                HashCodeMessageExtractor.Create(512, message => (message as ShardingEnvelope)?.EntityId!, message => ((ShardingEnvelope)message).Message),
                sharding.DefaultShardAllocationStrategy(settings),
                new HandedOff());
            return new Node(system, region, life, name);
        }
    }

    private sealed class Entity : ReceiveActor
    {
        private readonly string _id;
        private readonly string _where;
        private readonly ConcurrentQueue<Event> _life;
        private int _count;

        public Entity(string id, string where, ConcurrentQueue<Event> life)
        {
            (_id, _where, _life) = (id, where, life);
            Receive<HandedOff>(_ =>
            {
                Happened("was handed off");
                Context.Stop(Self);
            });
            Receive<string>(message => message == "passivate", _ => Context.Parent.Tell(new Passivate(PoisonPill.Instance)));
            Receive<string>(message => Sender.Tell($"{id}: {++_count} @{where}"));
        }

        protected override void PreStart() => Happened("starts");

        protected override void PostStop() => Happened("stops");

        private void Happened(string what) => _life.Enqueue(new Event(_id, what, _where));
    }
}
