using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Broker.Hocon;

namespace Broker.Actors.Settings;

/// <summary><c>broker.cluster</c>, what of it is not the engine's.</summary>
/// <param name="Enabled">The node is one of several.</param>
/// <param name="Name">Nodes with the same one belong together.</param>
/// <param name="Lease">How long a node lives without renewing it.</param>
/// <param name="SecretMark">Tells secrets apart and tells nothing of them: 16 bits of a hash. The secret itself is the engine's.</param>
/// <param name="Seeds">Nodes to join, instead of those that Redis tells; with Akka.NET only.</param>
internal sealed record ClusterSettings(bool Enabled, string Name, TimeSpan Lease, string SecretMark, IReadOnlyList<(string Host, int Port)> Seeds)
{
    private static readonly TimeSpan LeastLease = TimeSpan.FromMilliseconds(500);

    /// <exception cref="HoconException">A value is wrong, or there is no Redis for the nodes to meet in.</exception>
    public static ClusterSettings Read(HoconObject broker)
    {
        var cluster = broker.GetObject("cluster");
        var enabled = cluster.Get("enabled");
        if (enabled.AsBoolean() && broker.Get("redis.connection").AsString().Length == 0)
            throw HoconChecks.Wrong(enabled, "the nodes of a cluster meet in Redis: set broker.redis.connection, too");

        CheckHost(cluster.Get("host"));
        CheckPort(cluster.Get("port"));
        return new ClusterSettings(
            enabled.AsBoolean(),
            NameOf(cluster.Get("name")),
            cluster.Get("lease").DurationAtLeast(LeastLease),
            MarkOf(cluster.Get("secret").AsString()),
            [.. cluster.Get("seeds").AsList().Select(SeedOf)]);
    }

    /// <summary>What stopping may take in all: a member hands its channels over, a node alone does not.</summary>
    public static TimeSpan DrainOf(HoconObject broker) => broker.Get(broker.Get("cluster.enabled").AsBoolean() ? "cluster.drain" : "shutdown.drain").Delay();

    /// <summary>The others dial it: an address that stands for any would lead them to themselves.</summary>
    private static void CheckHost(HoconValue value)
    {
        var host = value.AsString();
        if (Uri.CheckHostName(host) == UriHostNameType.Unknown) throw HoconChecks.Wrong(value, $"'{host}' is no address and no name of a machine");
        if (IPAddress.TryParse(host, out var address) && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)))
            throw HoconChecks.Wrong(value, $"{host} is where to listen, not where others find this node: set broker.cluster.bind-host to it, and host to an address");
    }

    private static void CheckPort(HoconValue value)
    {
        if (value.AsInt() is var port and (< 0 or > IPEndPoint.MaxPort)) throw HoconChecks.Wrong(value, $"{port} is not between 0 and {IPEndPoint.MaxPort}");
    }

    private static string MarkOf(string secret) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), "broker cluster"u8).AsSpan(0, 2));

    private static (string Host, int Port) SeedOf(HoconValue value)
    {
        var text = value.AsString();
        var colon = text.LastIndexOf(':');
        return colon > 0 && ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port > 0
            ? (text[..colon], port)
            : throw HoconChecks.Wrong(value, "a node to join is \"host:port\"");
    }

    /// <summary>Part of a key in Redis that holds a hash tag of its own.</summary>
    private static string NameOf(HoconValue value)
    {
        var name = value.AsString();
        return name.Length is > 0 and <= 64 && name.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_' or '.')
            ? name
            : throw HoconChecks.Wrong(value, "1 to 64 letters, digits, '-', '_' and '.' are allowed");
    }
}
