using Broker.Testing.Redis;

namespace Broker.Faults.Traffic;

/// <summary>A channel's publications in the order that Redis keeps: the order in which everybody must have got them.</summary>
/// <param name="Ids">The publications.</param>
/// <param name="Offsets">The offset of each.</param>
internal sealed record History(IReadOnlyList<int> Ids, IReadOnlyList<long> Offsets)
{
    public static string ChannelOf(string facility) => "broadcast:" + facility;

    public static async Task<History> ReadAsync(RedisServer redis, string facility)
    {
        var lines = (await redis.CliAsync("XRANGE", KeyOf(facility), "-", "+")).Split('\n');
        var (ids, offsets) = (new List<int>(), new List<long>());
        for (var i = 0; i + 2 < lines.Length; i++)
        {
            if (lines[i + 1] != "d" || !lines[i].EndsWith("-0", StringComparison.Ordinal)) continue;

            offsets.Add(long.Parse(lines[i].AsSpan(..^2), System.Globalization.CultureInfo.InvariantCulture));
            ids.Add(Payload.Read(lines[i + 2]));
        }

        return new History(ids, offsets);
    }

    /// <summary>The newest offset; 0 for none.</summary>
    public static async Task<long> LastOffsetAsync(RedisServer redis, string facility)
    {
        var first = (await redis.CliAsync("XREVRANGE", KeyOf(facility), "+", "-", "COUNT", "1")).Split('\n')[0];
        return first.EndsWith("-0", StringComparison.Ordinal) ? long.Parse(first.AsSpan(..^2), System.Globalization.CultureInfo.InvariantCulture) : 0;
    }

    private static string KeyOf(string facility) => $"{{{ChannelOf(facility)}}}:history";
}
