using Broker.Actors.Redis;
using Broker.Engine;
using StackExchange.Redis;

namespace Broker.Actors.Nodes.Builtin;

/// <summary>
/// The built-in engine's coordinator on Redis: a lease per node, the nodes and the shards in a hash each, changed by <c>cluster-exchange.lua</c> and
/// <c>cluster-leave.lua</c> only. All keys are in one slot; the nodes that use the same name are one cluster.
/// </summary>
internal sealed class RedisCoordinator(RunScript run, string name) : ICoordinator
{
    private readonly string _base = $"{{broker:cluster:{name}}}:";

    public async Task<Exchanged> ExchangeAsync(Exchange order)
    {
        List<RedisValue> arguments =
        [
            order.Node, order.Terms, order.Takes, order.Record, (long)order.Lease.TotalMilliseconds, order.KnownTable, order.Mark, order.Moves.Count,
        ];
        arguments.AddRange(order.Moves.SelectMany(move => new RedisValue[] { move.Shard, move.To }));
        arguments.AddRange(order.Claims.Select(shard => (RedisValue)shard));

        RedisKey[] keys = [_base + "nodes", _base + "shards", _base + "lease:", _base + "banished:"];
        return Read((RedisResult[])(await run(RedisScripts.ClusterExchange, keys, [.. arguments]))!, order);
    }

    public Task LeaveAsync(string node) => EndAsync(node, TimeSpan.Zero);

    public Task BanishAsync(string node, TimeSpan memory) => EndAsync(node, memory);

    private static Exchanged Read(RedisResult[] reply, Exchange order) => (string)reply[0]! switch
    {
        "banished" => Exchanged.NotDone(ExchangeOutcome.Banished),
        "refused" => Exchanged.NotDone(ExchangeOutcome.Refused, (string)reply[1]!),
        _ => new Exchanged(
            ExchangeOutcome.Done,
            order.Terms,
            (long)reply[1] == 1,
            [.. ((RedisResult[])reply[3]!).Chunk(3).Select(node => new LivingNode((string)node[0]!, (string)node[1]!, TimeSpan.FromMilliseconds((long)node[2])))],
            (string)reply[2]!,
            reply.Length < 5 ? null : ((RedisResult[])reply[4]!).Chunk(2).Where(shard => (string)shard[0]! != "version").ToDictionary(shard => (string)shard[0]!, shard => (string)shard[1]!)),
    };

    private Task<RedisResult> EndAsync(string node, TimeSpan memory) => run(
        RedisScripts.ClusterLeave,
        [_base + "nodes", _base + "lease:" + node, _base + "banished:" + node],
        [node, (long)memory.TotalMilliseconds]);
}
