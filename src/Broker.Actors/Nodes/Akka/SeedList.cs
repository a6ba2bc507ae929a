using System.Globalization;
using Broker.Actors.Redis;
using StackExchange.Redis;

namespace Broker.Actors.Nodes;

/// <summary>The nodes of a cluster of Akka.NET in Redis, from the point of view of one of them. Keys in one slot of database 0; <c>cluster-seeds.lua</c> alone changes them.</summary>
/// <param name="run">Runs a script there.</param>
/// <param name="name">Of the cluster.</param>
/// <param name="self">This life of this node.</param>
/// <param name="address">Where others find it.</param>
/// <param name="terms">What all nodes must have in common.</param>
/// <param name="life">How long an entry lives without being renewed.</param>
internal sealed class SeedList(RunScript run, string name, string self, string address, string terms, TimeSpan life)
{
    private bool _isListed;

    /// <summary>Looks for somebody to join, before the node is up.</summary>
    /// <exception cref="RedisUnavailableException">Redis does not answer.</exception>
    public async Task<SeedStep> LookAsync()
    {
        var (granted, others) = await RunAsync("look", founding: 0);
        return Seeding.Look(terms, granted, others);
    }

    /// <summary>Lists the node, which is up, or renews its entry.</summary>
    /// <returns>False if the node must end: its cluster is not the one that stays.</returns>
    /// <exception cref="RedisUnavailableException">Redis does not answer.</exception>
    public async Task<bool> ListAsync(long founding)
    {
        var (listed, others) = await RunAsync(_isListed ? "stay" : "list", founding);
        _isListed = listed != 0;
        return !Seeding.MustEnd(founding, _isListed, others);
    }

    /// <summary>Nobody is to join this node any more.</summary>
    /// <exception cref="RedisUnavailableException">Redis does not answer.</exception>
    public Task LeaveAsync() => RunAsync("leave", founding: 0);

    private async Task<(long Founding, IReadOnlyList<SeedEntry> Others)> RunAsync(string what, long founding)
    {
        var prefix = $"{{broker:cluster:{name}}}:";
        var reply = (string[])(await run(
            RedisScripts.ClusterSeeds,
            [prefix + "seeds", prefix + "founder"],
            [what, self, address, terms, founding == 0 ? "" : founding, (long)life.TotalMilliseconds]))!;
        return (reply[0].Length == 0 ? 0 : long.Parse(reply[0], CultureInfo.InvariantCulture), [.. reply.Skip(1).Select(SeedEntry.Parse).OfType<SeedEntry>()]);
    }
}
