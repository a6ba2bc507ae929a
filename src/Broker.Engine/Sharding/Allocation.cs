namespace Broker.Engine;

/// <summary>
/// Which node should have a shard: rendezvous hashing, so that all nodes come to the same answer from the same members, and few shards
/// move when one comes or goes. No node is given more than a tenth above its fair share; what is beyond goes to the node's next choice.
/// </summary>
internal static class Allocation
{
    /// <returns>For each shard the node, null for all if there is no node.</returns>
    public static string?[] Of(int shards, IReadOnlyCollection<string> nodes)
    {
        var wanted = new string?[shards];
        var hashed = nodes.Select(node => (Node: node, Hash: Hash(node))).OrderBy(node => node.Hash).ToArray();
        var load = new int[hashed.Length];
        var room = hashed.Length == 0 ? 0 : (int)Math.Ceiling(shards * 1.1 / hashed.Length);
        for (var shard = 0; shard < shards; shard++)
        {
            var best = -1;
            var bestScore = 0UL;
            for (var i = 0; i < hashed.Length; i++)
            {
                var score = Mix(hashed[i].Hash ^ Mix((ulong)shard + 1));
                if (load[i] < room && (best < 0 || score > bestScore))
                {
                    (best, bestScore) = (i, score);
                }
            }

            if (best >= 0)
            {
                load[best]++;
                wanted[shard] = hashed[best].Node;
            }
        }

        return wanted;
    }

    /// <summary>FNV-1a: the same in every process.</summary>
    private static ulong Hash(string text)
    {
        var hash = 14695981039346656037UL;
        foreach (var letter in text)
        {
            hash = (hash ^ letter) * 1099511628211UL;
        }

        return hash;
    }

    /// <summary>The finisher of MurmurHash3.</summary>
    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 33)) * 0xff51afd7ed558ccdUL;
        value = (value ^ (value >> 33)) * 0xc4ceb9fe1a85ec53UL;
        return value ^ (value >> 33);
    }
}
