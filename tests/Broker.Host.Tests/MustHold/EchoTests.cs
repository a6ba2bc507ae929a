using Broker.Testing.Redis;

namespace Broker.Host.Tests.MustHold;

/// <summary>
/// Whose messages come back to whom, with senders that have several messages on their way at any moment: the original sent 62 of 100 own messages back that were 1 ms apart.
/// </summary>
[Collection(Alone.Name)]
public sealed class EchoTests : IAsyncLifetime
{
    private const int Messages = 200;

    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    private const string History = "history { \"*\" { size = 20000, ttl = 5m } }";

    private RedisServer _redis = null!;

    public async Task InitializeAsync() => _redis = await RedisServer.StartAsync();

    public async Task DisposeAsync() => await _redis.DisposeAsync();

    [Theory]
    [InlineData("")]
    [InlineData(History)]
    public async Task Senders_at_a_millisecond_get_all_with_echo_and_without_it_neither_their_own_nor_repeats(string history)
    {
        await using var broker = await Servers.StartAsync(_redis.ConnectionString, history);
        await using var echoing = await Client.ConnectAsync(broker.WebSocket("race?subscribe-broadcast&publish-broadcast&echo"));
        await using var plain = await Client.ConnectAsync(broker.WebSocket("race?subscribe-broadcast&publish-broadcast"));
        await using var silent = await Client.ConnectAsync(broker.WebSocket("race?subscribe-broadcast"));
        await using var other = await Client.ConnectAsync(broker.WebSocket("race?publish-broadcast"));

        await Task.WhenAll(
            SendAsync(echoing, i => $"echoing {i}"),
            SendAsync(plain, i => $"plain {i}"),
            SendAsync(other, i => $"other {i / 2}"),
            PublishAsync(i => $"server {i / 2}"));
        await EndAsync(4 * Messages, echoing, plain, silent);

        // With echo it is the channel itself: everybody's messages, each sender's in order.
        var channel = echoing.Received;
        Assert.Equal(4 * Messages + 1, channel.Count);
        Assert.Equal(Sent(i => $"echoing {i}"), From(channel, "echoing"));
        Assert.Equal(Sent(i => $"plain {i}"), From(channel, "plain"));
        Assert.Equal(Sent(i => $"other {i / 2}"), From(channel, "other"));
        Assert.Equal(Sent(i => $"server {i / 2}"), From(channel, "server"));

        var changes = channel.Where((message, i) => i == 0 || message != channel[i - 1]).ToArray();
        Assert.Equal(changes, silent.Received);
        Assert.Equal(changes.Where(message => !message.StartsWith("plain", StringComparison.Ordinal)), plain.Received);
    }

    [Theory]
    [InlineData("")]
    [InlineData(History)]
    public async Task What_others_and_servers_repeat_while_it_sends_the_same_is_not_sent_to_a_client_without_echo(string history)
    {
        await using var broker = await Servers.StartAsync(_redis.ConnectionString, history);
        await using var echoing = await Client.ConnectAsync(broker.WebSocket("race?subscribe-broadcast&echo"));
        await using var plain = await Client.ConnectAsync(broker.WebSocket("race?subscribe-broadcast&publish-broadcast"));
        await using var silent = await Client.ConnectAsync(broker.WebSocket("race?subscribe-broadcast"));
        await using var other = await Client.ConnectAsync(broker.WebSocket("race?publish-broadcast"));
        await plain.SendAsync("same");
        await echoing.ReceivedAsync(1, Soon);

        await Task.WhenAll(SendAsync(plain, _ => "same"), SendAsync(other, _ => "same"), PublishAsync(_ => "same"));
        await EndAsync(1 + 3 * Messages, echoing, plain, silent);

        Assert.Equal([.. Enumerable.Repeat("same", 3 * Messages + 1), "end"], echoing.Received);
        Assert.Equal(["same", "end"], silent.Received);
        Assert.Equal(["end"], plain.Received);
    }

    private static string[] Sent(Func<int, string> message) => [.. Enumerable.Range(0, Messages).Select(message)];

    private static IEnumerable<string> From(IReadOnlyList<string> channel, string sender) =>
        channel.Where(message => message.StartsWith(sender, StringComparison.Ordinal));

    private static async Task SendAsync(Client client, Func<int, string> message)
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        foreach (var text in Sent(message))
        {
            await pace.WaitForNextTickAsync();
            await client.SendAsync(text);
        }
    }

    /// <summary>A few in a row, over and over.</summary>
    private async Task PublishAsync(Func<int, string> message)
    {
        foreach (var part in Sent(message).Chunk(7)) await _redis.PipeAsync(part.Select(text => new[] { "PUBLISH", "broadcast:race", text }));
    }

    /// <summary>Behind everything that was published.</summary>
    private async Task EndAsync(int published, Client echoing, params Client[] others)
    {
        await echoing.ReceivedAsync(published, Soon);
        await _redis.CliAsync("PUBLISH", "broadcast:race", "end");
        foreach (var client in others.Prepend(echoing)) await Eventually.IsTrueAsync(() => client.Received is [.., "end"]);
    }
}
