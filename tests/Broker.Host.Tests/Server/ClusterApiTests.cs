using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using Broker.Actors.Nodes;
using Broker.Testing.Redis;

namespace Broker.Host.Tests.Server;

/// <summary>GET /api/cluster, and what /metrics says of the cluster.</summary>
public sealed partial class ClusterApiTests
{
    private const string Key = "broker.api-key = \"the key\"\n";

    [Fact]
    public async Task Without_a_configured_key_it_is_not_there()
    {
        await using var server = await LocalServer.StartAsync();

        foreach (var key in new[] { null, "", "the key" }) Assert.Equal(HttpStatusCode.NotFound, (await AskAsync(server, key)).Status);
    }

    [Fact]
    public async Task Who_has_not_the_key_learns_nothing()
    {
        await using var server = await LocalServer.StartAsync(Key);

        foreach (var key in new[] { null, "", "the", "The key", "the key, the key" })
            Assert.Equal((HttpStatusCode.Unauthorized, "X-API-Key is missing or wrong"), await AskAsync(server, key));
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(server, "the key")).Status);
    }

    [Fact]
    public async Task A_node_alone_sees_itself_and_names_no_channel()
    {
        await using var server = await LocalServer.StartAsync(Key);
        await server.Node.Publisher("a-secret-facility").PublishAsync("x");

        var (_, text) = await AskAsync(server, "the key");

        var report = Read(text);
        var itself = Assert.Single(report.Members);

        // Akka.NET has a shard where there is a channel.
        Assert.Equal((true, report.Id, "up", Repository.IsBuiltin ? 512 : 1, 1), (report.IsMember, itself.Id, itself.Status, itself.Shards, itself.Channels));
        Assert.Null(report.Lease);
        Assert.DoesNotContain("secret", text, StringComparison.Ordinal);
        Assert.DoesNotContain("broker_cluster", await server.Client.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nodes_of_a_cluster_tell_who_they_are_and_how_many_channels_each_owns()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var one = await LocalServer.StartAsync(Clustered(redis));
        await using (var other = await LocalServer.StartAsync(Clustered(redis)))
        {
            var report = await EventuallyAsync(one, report => report.Members.Count == 2);

            var (itself, peer) = (report.Members.Single(member => member.Id == report.Id), report.Members.Single(member => member.Id != report.Id));
            Assert.Equal((true, report.Address, null), (report.IsMember, itself.Address, itself.Link));
            Assert.Matches(@"^127\.0\.0\.1:\d+$", peer.Address);

            for (var i = 0; i < 20; i++) await one.Node.Publisher($"facility-{i}").PublishAsync("x");
            report = await EventuallyAsync(one, report => report.Members.Sum(member => member.Channels) == 20 && report.Members.All(member => member.Channels > 0));
            Assert.Equal(2, report.Members.Count);
        }

        await EventuallyAsync(one, report => report.Members.Count == 1);
    }

    [Fact]
    public async Task Of_leases_hand_overs_and_links_nodes_tell_on_the_built_in_engine()
    {
        await using var redis = await RedisServer.StartAsync();
        await using var one = await LocalServer.StartAsync(Clustered(redis));
        if (!Repository.IsBuiltin)
        {
            Assert.True(await EventuallyAsync(one, _ => true) is { Lease: null, HandOvers: null, Links: null });
            return;
        }

        await using (var other = await LocalServer.StartAsync(Clustered(redis)))
        {
            var report = await EventuallyAsync(one, report => report.Members.Count == 2 && report.Members.All(member => member.Shards is > 150 and < 362));

            Assert.Equal(512, report.Members.Sum(member => member.Shards));
            Assert.True(report is { Lease: { IsHeld: true, Renewals: > 0, AgeSeconds: < 5 }, HandOvers: { TakenFromDead: 0, LastFailOver: null } });

            for (var i = 0; i < 20; i++) await one.Node.Publisher($"facility-{i}").PublishAsync("x");

            // Shards may still be moving.
            Dictionary<string, double> metrics = [];
            report = await EventuallyAsync(one, async report =>
            {
                metrics = Numbers(await one.Client.GetStringAsync("/metrics"));
                return metrics["broker_cluster_shards"] == report.Members.Single(member => member.Id == report.Id).Shards
                    && metrics["broker_cluster_shards_given_total"] == report.HandOvers!.Given;
            });
            Assert.True(report.Members.Single(member => member.Id != report.Id).Link is { IsUp: true });
            Assert.True(report.Links is { SentBytes: > 0, Sent: > 0, Received: > 0, Refused: 0 });
            Assert.Equal((2, 1, 1), (metrics["broker_cluster_members"], metrics["broker_cluster_member"], metrics["broker_cluster_links"]));
            Assert.True(metrics["broker_cluster_link_sent_bytes_total"] >= report.Links!.SentBytes);
            Assert.True(metrics["broker_cluster_lease_renewals_total"] > 0 && metrics["broker_cluster_lease_age_seconds"] < 5);
        }

        var left = await EventuallyAsync(one, report => report.Members is [{ Shards: 512 }]);
        Assert.True(left.HandOvers is { Taken: > 150, TakenFromDead: 0, LastFailOver: null });
    }

    private static string Clustered(RedisServer redis) =>
        $"{Key}broker {{ redis.connection = \"{redis.ConnectionString}\", cluster {{ enabled = on, lease = 1s, secret = \"of the tests\" }} }}";

    private static Task<ClusterReport> EventuallyAsync(LocalServer server, Func<ClusterReport, bool> isSo) =>
        EventuallyAsync(server, report => Task.FromResult(isSo(report)));

    private static async Task<ClusterReport> EventuallyAsync(LocalServer server, Func<ClusterReport, Task<bool>> isSo)
    {
        ClusterReport? report = null;
        await Eventually.IsTrueAsync(async () =>
        {
            report = Read((await AskAsync(server, "the key")).Text);
            return await isSo(report);
        });
        return report!;
    }

    private static ClusterReport Read(string json) => JsonSerializer.Deserialize<ClusterReport>(json, JsonSerializerOptions.Web)!;

    private static async Task<(HttpStatusCode Status, string Text)> AskAsync(LocalServer server, string? key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/cluster");
        if (key is not null) request.Headers.TryAddWithoutValidation("X-API-Key", key);
        using var answer = await server.Client.SendAsync(request);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static Dictionary<string, double> Numbers(string metrics) => Lines().Matches(metrics)
        .ToDictionary(line => line.Groups[1].Value, line => double.Parse(line.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture));

    [GeneratedRegex("^([a-z_]+) ([0-9.eE+-]+)$", RegexOptions.Multiline)]
    private static partial Regex Lines();
}
