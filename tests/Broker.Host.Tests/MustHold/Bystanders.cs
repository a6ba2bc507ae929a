using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Broker.Host.Tests.Clients;
using Broker.Host.Tests.Server;
using Broker.Testing.Redis;

namespace Broker.Host.Tests.MustHold;

/// <summary>
/// A server with limits, and a thousand clients that keep to them: ten on each of a hundred channels, half of them of ws4redis mode, half rich ones that are users. All of them publish.
/// </summary>
public sealed class Bystanders : IAsyncLifetime
{
    internal const int Count = 1000;

    internal const int Channels = 100;

    /// <summary>How many connections there is room for besides.</summary>
    internal const int Spare = 20;

    private const string Settings =
        """
        api-key = "k", jwt.hs256 = "a secret of more than thirty-two bytes", websocket.close-timeout = 30s
        limits { connections = 1020, user-connections = 3, channels-per-connection = 16, command-rate = 200, publish-rate = 100, publish-bytes = 64KiB, refusals = 100,
                 user-command-rate = 100, user-publish-rate = 50, user-publish-bytes = 32KiB }
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly List<Bystander> _all = [];
    private readonly List<string>[] _published = [.. Enumerable.Range(0, Channels).Select(_ => new List<string>())];
    private int _rounds;

    internal RedisServer Redis { get; private set; } = null!;

    internal ServerProcess Server { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Redis = await RedisServer.StartAsync();
        Server = await Servers.StartAsync(Redis.ConnectionString, Settings);
        foreach (var part in Enumerable.Range(0, Count).Chunk(50)) _all.AddRange(await Task.WhenAll(part.Select(JoinAsync)));
    }

    public async Task DisposeAsync()
    {
        foreach (var bystander in _all) await bystander.Client.DisposeAsync();
        await Server.DisposeAsync();
        await Redis.DisposeAsync();
    }

    internal static string Facility(int channel) => string.Create(CultureInfo.InvariantCulture, $"room-{channel}");

    internal static string Channel(int channel) => "broadcast:" + Facility(channel);

    /// <summary>Everybody publishes once, and gets what the ten of its channel publish.</summary>
    internal async Task RoundAsync()
    {
        var round = ++_rounds;
        var publishes = _all.Select((one, i) => (one, Text: string.Create(CultureInfo.InvariantCulture, $$"""{"round":{{round}},"by":{{i}}}"""))).ToArray();
        foreach (var (one, text) in publishes) Expect(one.Channel, text);

        await Task.WhenAll(publishes.Select(publish => publish.one.PublishAsync(publish.Text)));
        await HaveAsync(_all);
    }

    /// <summary>So many times 60 KB on one channel, not faster than its bystanders read.</summary>
    internal async Task FloodAsync(int channel, int count)
    {
        var filler = new string('x', 60_000);
        var members = _all.Where(one => one.Channel == channel).ToArray();
        foreach (var part in Enumerable.Range(0, count).Chunk(10))
        {
            var texts = part.Select(i => string.Create(CultureInfo.InvariantCulture, $$"""{"flood":{{i}},"filler":"{{filler}}"}""")).ToArray();
            foreach (var text in texts) Expect(channel, text);
            await Redis.PipeAsync(texts.Select(text => new[] { "PUBLISH", Channel(channel), text }));
            await HaveAsync(members);
        }
    }

    /// <summary>All stand, nobody was told anything, and each got all that was ever published on its channel, once and in the order of the others.</summary>
    internal void AreUndisturbed()
    {
        foreach (var members in _all.GroupBy(one => one.Channel))
        {
            var seen = members.First().Inbox.All;
            Assert.Equal(_published[members.Key].Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
            Assert.All(members, one => Assert.True(one.IsOpen()));
            Assert.All(members, one => Assert.Equal(seen, one.Inbox.All));
            Assert.All(members, one => Assert.Empty((one.Client as RichClient)?.Surprises ?? []));
        }
    }

    /// <summary>What limits have refused and how connections have ended, each by its label: <c>limit="frame"</c>, <c>code="3008"</c>.</summary>
    internal async Task<Dictionary<string, double>> CountsAsync()
    {
        using var http = new HttpClient();
        string[] counters = ["broker_limits_exceeded_total{", "broker_connections_closed_total{"];
        return (await http.GetStringAsync(new Uri(Server.Address + "/metrics"))).Split('\n')
            .Where(line => counters.Any(counter => line.StartsWith(counter, StringComparison.Ordinal)))
            .Select(line => line.Split('{', '}'))
            .ToDictionary(parts => parts[1], parts => double.Parse(parts[2], CultureInfo.InvariantCulture));
    }

    private async Task<Bystander> JoinAsync(int number)
    {
        var channel = number % Channels;
        var inbox = new Inbox(Noted);
        if (number < Count / 2)
        {
            var plain = await Client.ConnectAsync(Server.WebSocket(Facility(channel) + "?subscribe-broadcast&publish-broadcast&echo"), inbox);
            return new Bystander(channel, inbox, plain, plain.SendAsync, () => plain.IsOpen);
        }

        var rich = await RichClient.ConnectAsync(Server.Rich(), Jwt.Hs256(new { sub = $"bystander-{number}" }), inbox);
        await rich.SubscribeAsync(Channel(channel));
        return new Bystander(channel, inbox, rich, text => rich.PublishAsync(Channel(channel), text), () => rich.IsOpen);
    }

    private void Expect(int channel, string text)
    {
        lock (_published) _published[channel].Add(Noted(text));
    }

    private Task HaveAsync(IEnumerable<Bystander> some) => Task.WhenAll(some.Select(one =>
    {
        int expected;
        lock (_published) expected = _published[one.Channel].Count;
        return one.Inbox.HasAsync(expected, Patience, () => one.IsOpen() ? "open" : "closed");
    }));

    /// <summary>Long ones by their digest: a thousand clients keep them.</summary>
    private static string Noted(string text) =>
        text.Length < 1000 ? text : string.Create(CultureInfo.InvariantCulture, $"{text.Length} {Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}");

    private sealed record Bystander(int Channel, Inbox Inbox, IAsyncDisposable Client, Func<string, Task> PublishAsync, Func<bool> IsOpen);
}
