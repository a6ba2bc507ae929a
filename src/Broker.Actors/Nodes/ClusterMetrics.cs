using System.Diagnostics.Metrics;

namespace Broker.Actors.Nodes;

/// <summary>The cluster in a node's metrics: counts, no addresses. A node alone has none; on Akka.NET there are the members alone.</summary>
internal static class ClusterMetrics
{
    /// <param name="look">Asked when somebody collects.</param>
    public static void Add(Meter meter, Func<ClusterReport> look)
    {
        Gauge("broker.cluster.members", report => report.Members.Count, "Members of the cluster that this node knows, itself among them");
        Gauge("broker.cluster.member", report => report.IsMember ? 1 : 0, "1 while this node may own channels");
        Gauge("broker.cluster.shards", report => report.Members.FirstOrDefault(member => member.Id == report.Id)?.Shards, "Shards of this node");
        Gauge("broker.cluster.links", report => report.Lease is null ? null : report.Members.Count(member => member.Link is { IsUp: true }), "Members that this node has a link to");
        Counter("broker.cluster.link.sent.bytes", report => report.Links?.SentBytes, "Bytes sent to other nodes");
        Counter("broker.cluster.link.dropped", report => report.Links?.Dropped, "Messages to other nodes that found no room or no node");
        Counter("broker.cluster.link.refused", report => report.Links?.Refused, "Strangers on the link port that were cut off");
        Counter("broker.cluster.lease.renewals", report => report.Lease?.Renewals, "Renewals of this node's lease");
        Gauge("broker.cluster.lease.age.seconds", report => report.Lease?.AgeSeconds, "Since the last of them");
        Counter("broker.cluster.shards.given", report => report.HandOvers?.Given, "Shards that this node handed to others");
        Counter("broker.cluster.shards.taken", report => report.HandOvers?.Taken, "Shards that came from others");
        Counter("broker.cluster.shards.failed.over", report => report.HandOvers?.TakenFromDead, "Of these, those of a node that had died");
        Gauge(
            "broker.cluster.last.failover.timestamp.seconds",
            report => report.HandOvers?.LastFailOver is { } at ? new DateTimeOffset(at).ToUnixTimeMilliseconds() / 1000.0 : null,
            "When the last of those came, in Unix time");

        void Gauge(string name, Func<ClusterReport, double?> value, string description) => meter.CreateObservableGauge(name, () => Measure(value), description: description);

        void Counter(string name, Func<ClusterReport, long?> value, string description) => meter.CreateObservableCounter(name, () => Measure(report => value(report)), description: description);

        IEnumerable<Measurement<double>> Measure(Func<ClusterReport, double?> value) => value(look()) is { } number ? [new Measurement<double>(number)] : [];
    }
}
