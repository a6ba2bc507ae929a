using System.Globalization;
using Broker.Faults.Traffic;
using Broker.Testing.Redis;

namespace Broker.Faults.Deployments;

/// <summary>Which node owns which channel, from the table that the nodes keep in Redis.</summary>
internal static class Owners
{
    private const string Base = "{broker:cluster:broker}:";

    private static readonly HashCodeMessageExtractor Shards = HashCodeMessageExtractor.Create(512, _ => null);

    /// <summary>Null for a channel that nobody has, or a node that is not of the deployment.</summary>
    public static async Task<IReadOnlyList<Node?>> OfAsync(RedisServer redis, Deployment deployment, IReadOnlyList<string> facilities)
    {
        var nodes = new Dictionary<string, Node?>();
        foreach (var id in (await redis.CliAsync("HKEYS", Base + "nodes")).Split('\n'))
        {
            var record = await redis.CliAsync("HGET", Base + "nodes", id);
            nodes[id] = deployment.Nodes.LastOrDefault(node => record.Contains(string.Create(CultureInfo.InvariantCulture, $":{node.LinkPort}"), StringComparison.Ordinal));
        }

        var shards = facilities.Select(facility => "broker-channel:" + Shards.ShardId(History.ChannelOf(facility)));
        var owners = (await redis.CliAsync(["HMGET", Base + "shards", .. shards])).Split('\n');
        return [.. owners.Select(nodes.GetValueOrDefault)];
    }
}
