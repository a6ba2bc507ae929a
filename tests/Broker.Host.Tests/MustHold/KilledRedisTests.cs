using System.Globalization;
using System.Net;
using Broker.Host.Tests.Clients;
using Broker.Host.Tests.Server;
using Broker.Testing.Redis;

namespace Broker.Host.Tests.MustHold;

/// <summary>redis-server dies in the middle of the traffic and comes back, empty, five seconds later.</summary>
[Collection(Alone.Name)]
public sealed class KilledRedisTests : IAsyncLifetime
{
    private const string History = "history { \"*\" { size = 20000, ttl = 5m } }";

    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(5);

    private RedisServer _redis = null!;

    public async Task InitializeAsync() => _redis = await RedisServer.StartAsync();

    public async Task DisposeAsync() => await _redis.DisposeAsync();

    [Theory]
    [InlineData("")]
    [InlineData(History)]
    public async Task Nobody_is_disconnected_nothing_is_doubled_and_everything_resumes_by_itself(string history)
    {
        await using var broker = await Servers.StartAsync(_redis.ConnectionString, "publish-timeout = 1s, " + history);
        await using var listeners = await Crowd.ConnectAsync(broker.WebSocket("outage?subscribe-broadcast&echo"), 100);
        await using var senders = await Crowd.ConnectAsync(broker.WebSocket("outage?publish-broadcast"), 10);
        var traffic = senders.Clients.Select((_, number) => new Traffic(senders.Clients[number], number)).ToList();
        await listeners.ReceivedAsync(300, TimeSpan.FromSeconds(60));

        _redis.Kill();
        using var http = new HttpClient { BaseAddress = new Uri(broker.Address) };
        var refused = await http.PostAsync(new Uri("publish/outage?publish-broadcast", UriKind.Relative), new StringContent("0 by POST"));
        await Eventually.IsTrueAsync(async () => !(await http.GetAsync(new Uri("health/ready", UriKind.Relative))).IsSuccessStatusCode);
        await Task.Delay(Outage);
        var meanwhile = listeners.Clients[0].Received.Count;
        await _redis.RestartAsync();

        // The senders have gone on all the time: what they send now arrives, and is the last message.
        await listeners.ReceivedAsync(meanwhile + 300, TimeSpan.FromSeconds(60));
        foreach (var sender in traffic) await sender.StopAsync();
        await Eventually.IsTrueAsync(async () =>
        {
            await senders.Clients[0].SendAsync("0 the last");
            return (await _redis.CliAsync("GET", "broadcast:outage")).Trim() == "0 the last";
        });
        await Eventually.IsTrueAsync(() => listeners.Clients.All(client => client.Received[^1] == "0 the last"));

        // 502: it was under way when Redis died, nobody knows whether it was carried out.
        Assert.True(refused.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.BadGateway, refused.StatusCode.ToString());
        Assert.All(listeners.Clients.Concat(senders.Clients), client => Assert.True(client.IsOpen));
        Assert.All(listeners.Clients, client => AssertOnceAndInOrder(client.Received));

        // Whatever was not dropped and counted has been delivered. Without history Redis may take one with it, between its answer and its message to the subscriber.
        var dropped = await broker.MetricAsync("broker_publishes_failed_total");
        Assert.True(dropped > 0, "nothing was dropped while Redis was away");
        if (history.Length > 0) Assert.InRange(listeners.Clients[0].Received.Count(IsTraffic), traffic.Sum(sender => sender.Sent) - dropped, double.MaxValue);
    }

    private static bool IsTraffic(string message) => !message.StartsWith("0 ", StringComparison.Ordinal);

    private static void AssertOnceAndInOrder(IReadOnlyList<string> received)
    {
        foreach (var bySender in received.Where(IsTraffic).GroupBy(text => text.Split(' ')[0]))
        {
            var numbers = bySender.Select(text => int.Parse(text.Split(' ')[1], CultureInfo.InvariantCulture)).ToList();
            Assert.Equal(numbers.Distinct().Order(), numbers);
        }
    }

    /// <summary>A client that sends some thirty messages a second: <c>SENDER NUMBER</c>.</summary>
    private sealed class Traffic
    {
        private readonly CancellationTokenSource _end = new();
        private readonly Task _sending;
        private int _sent;

        public Traffic(Client client, int number) => _sending = SendAsync(client, number + 1);

        public int Sent => Volatile.Read(ref _sent);

        public async Task StopAsync()
        {
            await _end.CancelAsync();
            await _sending;
            _end.Dispose();
        }

        private async Task SendAsync(Client client, int number)
        {
            using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(33));
            try
            {
                while (await pace.WaitForNextTickAsync(_end.Token))
                {
                    await client.SendAsync(string.Create(CultureInfo.InvariantCulture, $"{number} {_sent}"));
                    _sent++;
                }
            }
            catch (OperationCanceledException)
            {
            }
        }
    }
}
