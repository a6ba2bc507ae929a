using System.Net;
using System.Text.Json;
using Broker.Host.Tests.MustHold;
using Broker.Host.Tests.Server;
using Broker.Host.Tests.WebSockets;
using Broker.Testing.Redis;

namespace Broker.Host.Tests.Rich;

/// <summary>The client library over the death of the node that it is connected to.</summary>
[Collection(Alone.Name)]
public sealed class KilledNodeTests(Chromium chromium, NodePackage package) : IClassFixture<Chromium>, IClassFixture<NodePackage>
{
    private const int Before = 50;
    private const int All = 150;

    [Theory]
    [InlineData("node", "json")]
    [InlineData("node", "protobuf")]
    [InlineData("browser", "json")]
    public async Task A_client_whose_node_is_killed_goes_on_at_another_one_and_misses_nothing(string where, string encoding)
    {
        _ = package;
        await using var redis = await RedisServer.StartAsync();
        var settings = $"broker {{ access = open, allowed-origins = [\"*\"], api-key = k, redis.connection = \"{redis.ConnectionString}\", history {{ \"*\" {{ size = 1000, ttl = 5m }} }}, cluster {{ enabled = on, lease = 1s, secret = \"of the tests\" }} }}";
        await using var one = await ServerProcess.StartAsync(settings);
        await using var other = await ServerProcess.StartAsync(settings);

        // Of two, Akka.NET's would both end if the older one is killed.
        await using var third = await ServerProcess.StartAsync(settings);
        using var api = new HttpClient { BaseAddress = new Uri(other.Address) };
        api.DefaultRequestHeaders.Add("X-API-Key", "k");

        var subscribed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        string[] urls = [Url(one), Url(other)];
        var following = where == "node" ? FollowInNodeAsync(encoding, urls, subscribed) : FollowInBrowserAsync(encoding, other.Address, urls, subscribed);
        await subscribed.Task.WaitAsync(Deadline.Fact);
        for (var number = 1; number <= Before; number++) await PublishAsync(api, number);
        one.Signal("-KILL");
        for (var number = Before + 1; number <= All; number++) await PublishAsync(api, number);

        var seen = JsonDocument.Parse(await following.WaitAsync(TimeSpan.FromMinutes(1))).RootElement;
        Assert.Equal(Enumerable.Range(1, All), seen.GetProperty("numbers").EnumerateArray().Select(number => number.GetInt32()));
        Assert.True(seen.GetProperty("connected").GetInt32() >= 2);
        var times = seen.GetProperty("subscribed").EnumerateArray().Select(time => time.GetRawText()).ToArray();
        Assert.Equal("[false,false]", times[0]);
        Assert.All(times[1..], time => Assert.Equal("[true,true]", time));
    }

    private static async Task<string> FollowInNodeAsync(string encoding, string[] urls, TaskCompletionSource subscribed)
    {
        using var node = NodePackage.Run(encoding, "follow", string.Join(',', urls), "broadcast:numbers", $"{All}");
        var last = "";
        while (await node.StandardOutput.ReadLineAsync() is { } line)
        {
            if (line == "subscribed") subscribed.TrySetResult();
            last = line;
        }

        return last.Length > 0 ? last : throw new InvalidOperationException(await node.StandardError.ReadToEndAsync());
    }

    private async Task<string> FollowInBrowserAsync(string encoding, string address, string[] urls, TaskCompletionSource subscribed)
    {
        await using var user = await chromium.NewUserAsync();
        var page = await NodePackage.OpenAsync(user, address, encoding);
        page.Console += (_, message) =>
        {
            if (message.Text == "subscribed") subscribed.TrySetResult();
        };
        return await page.EvaluateAsync<string>(
            """
            async ([encoding, urls, channel, last]) => {
              let attempts = 0;
              class Balanced extends WebSocket { constructor(_, protocols) { super(urls[attempts++ % urls.length], protocols); } }
              return JSON.stringify(await follow(Centrifuge, encoding, { websocket: Balanced, minReconnectDelay: 50 }, urls[0], channel, last, (line) => console.log(line)));
            }
            """,
            new object[] { encoding, urls, "broadcast:numbers", All });
    }

    /// <summary>Again under the same id while it fails: while the channel goes from one node to the other nobody takes it.</summary>
    private static async Task PublishAsync(HttpClient api, int number)
    {
        await Eventually.IsTrueAsync(async () =>
        {
            using var content = new StringContent($"{{\"channel\":\"broadcast:numbers\",\"data\":{number},\"idempotency_key\":\"{number}\"}}");
            using var answer = await api.PostAsync(new Uri("/api/publish", UriKind.Relative), content);
            return answer.StatusCode == HttpStatusCode.OK && !(await answer.Content.ReadAsStringAsync()).Contains("\"error\"", StringComparison.Ordinal);
        });
    }

    private static string Url(ServerProcess server) => $"ws://127.0.0.1:{server.Port}/connection/websocket";
}
