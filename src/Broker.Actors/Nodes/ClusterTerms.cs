using System.Text.Json;
using Broker.Actors.Redis;
using Broker.Actors.Settings;

namespace Broker.Actors.Nodes;

/// <summary>What the nodes of a cluster must have in common: with another prefix or database they would own other channels under the same names.</summary>
internal static class ClusterTerms
{
    /// <summary>Of what relays and owners say to each other. A node with another one is refused while those live that run.</summary>
    private const int WireVersion = 1;

    /// <summary>In words that may stand in a log, on one line; of the secret only what tells it from others.</summary>
    public static string Of(BrokerSettings settings) =>
        $"prefix \"{JsonEncodedText.Encode(settings.Prefix)}\", database {RedisConnectionString.Parse(settings.RedisConnection).Database}, secret {settings.Cluster.SecretMark}, broker wire {WireVersion}";

    /// <summary>Why a node is not taken in, and what to do.</summary>
    public static string Refusal(string reason) =>
        $"{reason} Nodes of one cluster have the same broker.prefix, Redis database, broker.cluster.secret and version; another broker.cluster.name makes another cluster";
}
