using System.Net;
using System.Text;
using Broker.Actors.Settings;
using Broker.Host.Tests.Clients;
using Broker.Host.Tests.WebSockets;
using Broker.Host.WebSockets;

namespace Broker.Host.Tests.MustHold;

/// <summary>Each limit exceeded by one client, while a thousand others publish and listen: only the offender notices, and the limit's metric counts it and nobody else.</summary>
[Collection(Alone.Name)]
public sealed class LimitTests(Bystanders others) : IClassFixture<Bystanders>
{
    private const string Own = "broadcast:offender";

    private const int TooManyRequests = 111;

    /// <summary>By its limit, and where it may be exceeded in several ways, by which. What comes of it is what is counted: by the limit, and by how the offender's connections ended.</summary>
    private static readonly Dictionary<string, Func<Bystanders, Task<Dictionary<string, double>>>> Offences = new()
    {
        ["command-rate"] = others => AskTooOftenAsync(others, "ping", "{}", "command-rate"),
        ["publish-rate"] = others => AskTooOftenAsync(others, "publish", $$"""{"channel":"{{Own}}","data":1}""", "publish-rate"),
        ["publish-bytes"] = others => AskTooOftenAsync(others, "publish", $$"""{"channel":"{{Own}}","data":"{{new string('x', 30_000)}}"}""", "publish-bytes", atOnce: 3),
        ["user-command-rate"] = others => AskTooOftenTogetherAsync(others, "ping", "{}", "user-command-rate"),
        ["user-publish-rate"] = others => AskTooOftenTogetherAsync(others, "publish", $$"""{"channel":"{{Own}}","data":1}""", "user-publish-rate", atOnce: 20),
        ["user-publish-bytes"] = others => AskTooOftenTogetherAsync(others, "publish", $$"""{"channel":"{{Own}}","data":"{{new string('x', 15_000)}}"}""", "user-publish-bytes", atOnce: 1),
        ["refusals"] = NotListenAsync,
        ["channels-per-connection"] = SubscribeToTooManyAsync,
        ["channel-length"] = others => BeRefusedAsync(others, "subscribe", $$"""{"channel":"broadcast:{{new string('x', 246)}}"}""", 107, "channel-length"),
        ["max-message"] = others => BeRefusedAsync(others, "publish", $$"""{"channel":"{{Own}}","data":"{{new string('x', 64 * 1024)}}"}""", 107, "max-message"),
        ["max-message, ws4redis"] = SendTooMuchAsync,
        ["max-message, POST"] = others => PostAsync(others, "/publish/offender?publish-broadcast", new string('x', (64 * 1024) + 1), HttpStatusCode.RequestEntityTooLarge, "max-message"),
        ["frame"] = others => BeClosedAsync(others, new string(' ', (128 * 1024) + 1), 1009, "frame"),
        ["commands-per-frame"] = others => BeClosedAsync(others, string.Join('\n', Enumerable.Range(2, 129).Select(id => $"{{\"id\":{id},\"ping\":{{}}}}")), 3501, "commands-per-frame"),
        ["user-connections"] = ComeTooOftenAsync,
        ["connections"] = others => FillAsync(others, SocketAsync),
        ["facility-length"] = others => PostAsync(others, $"/publish/{new string('x', 256)}?publish-broadcast", "hello", HttpStatusCode.RequestUriTooLong, "facility-length"),
        ["query-words"] = others => PostAsync(others, "/publish/offender?" + string.Join('&', Enumerable.Repeat("publish-broadcast", 65)), "hello", HttpStatusCode.BadRequest, "query-words"),
        ["outbox"] = others => StopReadingAsync(others, "/connection/websocket", $"{{\"id\":1,\"connect\":{{}}}}\n{{\"id\":2,\"subscribe\":{{\"channel\":\"{Bystanders.Channel(0)}\"}}}}"),
        ["outbox, ws4redis"] = others => StopReadingAsync(others, $"/ws/{Bystanders.Facility(0)}?subscribe-broadcast"),
        ["outbox, event stream"] = StopListeningAsync,
        ["connections, event stream"] = others => FillAsync(others, StreamAsync),
    };

    public static TheoryData<string> Limits => [.. Offences.Keys];

    [Theory]
    [MemberData(nameof(Limits))]
    public async Task Who_exceeds_a_limit_is_the_only_one_who_notices(string limit)
    {
        await others.RoundAsync();
        var before = await others.CountsAsync();

        var offence = Offences[limit](others);
        do await others.RoundAsync();
        while (!offence.IsCompleted);
        var expected = await offence;

        await Eventually.IsAsync(Bystanders.Count, async () => (int)await others.Server.MetricAsync("broker_connections"));
        others.AreUndisturbed();
        var counted = (await others.CountsAsync()).Select(count => (count.Key, Value: count.Value - before.GetValueOrDefault(count.Key))).Where(count => count.Value > 0);
        Assert.Equal(expected.OrderBy(count => count.Key).Select(count => (count.Key, count.Value)), counted.OrderBy(count => count.Key));
    }

    /// <summary>Those of the server API are for who may do everything.</summary>
    [Fact]
    public void Each_limit_of_the_configuration_is_exceeded_here()
    {
        var limits = Configuration.Reference.Resolve(_ => null).GetObject("broker.limits").Select(setting => setting.Key).Except(["api"]).Concat(["max-message", "outbox"]);

        Assert.Equal(limits.Order(), Offences.Keys.Select(limit => limit.Split(',')[0]).Distinct().Order());
    }

    private static Dictionary<string, double> Counts(params IEnumerable<(string Label, double Count)> counts) => counts.ToDictionary(count => count.Label, count => count.Count);

    private static (string Label, double Count) Limit(string name, int times = 1) => ($"limit=\"{name}\"", times);

    private static (string Label, double Count) Closed(int code, int times = 1) => ($"code=\"{code}\"", times);

    /// <summary>Until it is refused; from then on it waits, and may go on.</summary>
    private static async Task<Dictionary<string, double>> AskTooOftenAsync(Bystanders others, string method, string parameters, string limit, int atOnce = 50)
    {
        await using var offender = await RichClient.ConnectAsync(others.Server.Rich());
        var errors = new List<int>();
        while (errors.All(error => error == 0)) errors.AddRange(await offender.TryAsync(method, parameters, atOnce));
        await Eventually.IsTrueAsync(async () =>
        {
            errors.AddRange(await offender.TryAsync("ping", "{}", 1));
            return errors[^1] == 0;
        });

        Assert.All(errors, error => Assert.True(error is 0 or TooManyRequests));
        return Counts(Limit(limit, errors.Count(error => error == TooManyRequests)), Closed(1006));
    }

    /// <summary>One user with two connections: neither is too fast by itself.</summary>
    private static async Task<Dictionary<string, double>> AskTooOftenTogetherAsync(Bystanders others, string method, string parameters, string limit, int atOnce = 50)
    {
        var token = Jwt.Hs256(new { sub = "offender" });
        await using var one = await RichClient.ConnectAsync(others.Server.Rich(), token);
        await using var other = await RichClient.ConnectAsync(others.Server.Rich(), token);
        var errors = new List<int>();
        while (errors.All(error => error == 0))
            foreach (var some in await Task.WhenAll(one.TryAsync(method, parameters, atOnce), other.TryAsync(method, parameters, atOnce))) errors.AddRange(some);

        foreach (var client in new[] { one, other })
        {
            await Eventually.IsTrueAsync(async () =>
            {
                errors.AddRange(await client.TryAsync("ping", "{}", 1));
                return errors[^1] == 0;
            });
        }

        Assert.All(errors, error => Assert.True(error is 0 or TooManyRequests));
        return Counts(Limit(limit, errors.Count(error => error == TooManyRequests)), Closed(1006, 2));
    }

    /// <summary>It asks on and on, whatever it is told.</summary>
    private static async Task<Dictionary<string, double>> NotListenAsync(Bystanders others)
    {
        using var offender = await SocketClient.ConnectAsync(others.Server.Port, "/connection/websocket");
        var frame = string.Join('\n', Enumerable.Range(2, 100).Select(id => $"{{\"id\":{id},\"ping\":{{}}}}"));

        await offender.SendAsync(["{\"id\":1,\"connect\":{}}", .. Enumerable.Repeat(frame, 20)]);

        Assert.Equal(3013, await CloseCodeAsync(offender.ReadFrameAsync));
        return Counts(Limit("command-rate", 100), Closed(3013));
    }

    private static async Task<Dictionary<string, double>> SubscribeToTooManyAsync(Bystanders others)
    {
        await using var offender = await RichClient.ConnectAsync(others.Server.Rich());
        for (var i = 0; i < 16; i++) await offender.SubscribeAsync($"broadcast:offender-{i}");

        Assert.Equal(106, await offender.ErrorOfAsync("subscribe", """{"channel":"broadcast:one-too-many"}"""));
        await offender.PublishAsync("broadcast:offender-15", "1");
        await offender.Inbox.HasAsync(1, Deadline.Fact, () => "the offender");
        return Counts(Limit("channels-per-connection"), Closed(1006));
    }

    private static async Task<Dictionary<string, double>> BeRefusedAsync(Bystanders others, string method, string parameters, int error, string limit)
    {
        await using var offender = await RichClient.ConnectAsync(others.Server.Rich());

        Assert.Equal(error, await offender.ErrorOfAsync(method, parameters));
        await offender.DoAsync("ping", "{}");
        return Counts(Limit(limit), Closed(1006));
    }

    private static async Task<Dictionary<string, double>> BeClosedAsync(Bystanders others, string frame, int code, string limit)
    {
        await using var offender = await RichClient.ConnectAsync(others.Server.Rich());

        await offender.SendAsync(frame);

        Assert.Equal(code, await offender.Closed);
        return Counts(Limit(limit), Closed(code));
    }

    private static async Task<Dictionary<string, double>> SendTooMuchAsync(Bystanders others)
    {
        using var offender = await SocketClient.ConnectAsync(others.Server.Port, "/ws/offender?publish-broadcast");

        await offender.SendFrameAsync(ClientFrames.Header(Opcode.Text, (64 * 1024) + 1));

        Assert.Equal(1009, await offender.ReadCloseAsync());
        return Counts(Limit("max-message"), Closed(1009));
    }

    private static async Task<Dictionary<string, double>> PostAsync(Bystanders others, string target, string body, HttpStatusCode status, string limit)
    {
        using var http = new HttpClient { BaseAddress = new Uri(others.Server.Address) };
        using var answer = await http.PostAsync(new Uri(target, UriKind.Relative), new StringContent(body));

        Assert.Equal(status, answer.StatusCode);
        return Counts(Limit(limit));
    }

    private static async Task<Dictionary<string, double>> ComeTooOftenAsync(Bystanders others)
    {
        var token = Jwt.Hs256(new { sub = "offender" });
        var first = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => RichClient.ConnectAsync(others.Server.Rich(), token)));
        await using var oneTooMany = await RichClient.OpenAsync(others.Server.Rich());

        await oneTooMany.SendAsync($"{{\"id\":1000000,\"connect\":{{\"token\":\"{token}\"}}}}");

        Assert.Equal(3504, await oneTooMany.Closed);
        foreach (var client in first)
        {
            await client.DoAsync("ping", "{}");
            await client.DisposeAsync();
        }

        return Counts(Limit("user-connections"), Closed(3504), Closed(1006, 3));
    }

    private static async Task<Dictionary<string, double>> FillAsync(Bystanders others, Func<Bystanders, Task> comeOnceMore)
    {
        var all = new List<SocketClient>();
        for (var i = 0; i < Bystanders.Spare; i++) all.Add(await SocketClient.ConnectAsync(others.Server.Port, "/ws/offender?subscribe-broadcast"));
        Assert.All(all, client => Assert.Equal(101, client.Status));

        await comeOnceMore(others);

        foreach (var client in all) client.Dispose();
        return Counts(Limit("connections"), Closed(1006, Bystanders.Spare));
    }

    private static async Task SocketAsync(Bystanders others)
    {
        using var oneTooMany = await SocketClient.ConnectAsync(others.Server.Port, "/ws/offender?subscribe-broadcast");
        Assert.Equal(503, oneTooMany.Status);
    }

    /// <summary>A browser that is answered with an error never tries again: it is told when.</summary>
    private static async Task StreamAsync(Bystanders others)
    {
        using var http = new HttpClient();
        Assert.Matches("^retry: [0-9]+\n\n$", await http.GetStringAsync(new Uri(others.Server.Address + "/connection/uni_sse?channel=broadcast:offender")));
    }

    /// <summary>It stands on a channel on which much is published, and takes nothing of it. What it finds when it reads again is what was on its way, and then why it is closed.</summary>
    private static async Task<Dictionary<string, double>> StopReadingAsync(Bystanders others, string target, string? greeting = null)
    {
        using var offender = await RawClient.OpenAsync(others.Server.Port, receiveBuffer: 64 * 1024, target);
        if (greeting is not null)
        {
            await offender.SendAsync(ClientFrames.Text(greeting));
            while (!(await offender.ReadFrameAsync()).Text.Contains("\"subscribe\":", StringComparison.Ordinal))
            {
            }
        }

        await others.FloodAsync(0, 200);

        Assert.Equal(3008, await CloseCodeAsync(offender.ReadFrameAsync));
        await offender.SendAsync(ClientFrames.Close(3008));
        Assert.True(await offender.IsClosedAsync());
        return Counts(Limit("outbox"), Closed(3008));
    }

    private static async Task<Dictionary<string, double>> StopListeningAsync(Bystanders others)
    {
        using var offender = await RawClient.ConnectAsync(others.Server.Port, receiveBuffer: 64 * 1024);
        offender.TrySend(Encoding.ASCII.GetBytes($"GET /connection/uni_sse?channel={Bystanders.Channel(0)} HTTP/1.0\r\nHost: localhost\r\n\r\n"));
        var begun = new StringBuilder();
        while (!begun.ToString().Contains("event: subscribed", StringComparison.Ordinal)) begun.Append(await offender.ReadTextAsync(1));

        await others.FloodAsync(0, 200);

        Assert.EndsWith("\"disconnect\":{\"code\":3008,\"reason\":\"slow\"}}}\n\n", await offender.ReadToEndAsync(), StringComparison.Ordinal);
        return Counts(Limit("outbox"), Closed(3008));
    }

    /// <summary>Whatever comes before it.</summary>
    private static async Task<int> CloseCodeAsync(Func<Task<ServerFrame>> read)
    {
        while (true)
        {
            var frame = await read();
            if (frame.Opcode == Opcode.Close) return frame.CloseCode;
        }
    }
}
