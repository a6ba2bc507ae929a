using Broker.Testing.Redis;

namespace Broker.Host.Tests.MustHold;

/// <summary>Several nodes on one Redis that know nothing of each other, as the classic servers are run.</summary>
[Collection(Alone.Name)]
public sealed class SideBySideTests : IAsyncLifetime
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(60);

    private RedisServer _redis = null!;

    public async Task InitializeAsync() => _redis = await RedisServer.StartAsync();

    public async Task DisposeAsync() => await _redis.DisposeAsync();

    [Fact]
    public async Task What_clients_of_any_node_publish_reaches_the_clients_of_all_nodes_once_and_in_one_order()
    {
        await using var one = await Servers.StartAsync(_redis.ConnectionString);
        await using var other = await Servers.StartAsync(_redis.ConnectionString);
        await using var atOne = await Client.ConnectAsync(one.WebSocket("shared?subscribe-broadcast&publish-broadcast&echo"));
        await using var atOther = await Client.ConnectAsync(other.WebSocket("shared?subscribe-broadcast&publish-broadcast&echo"));
        string[] ofOne = [.. Enumerable.Range(0, 500).Select(i => $"one {i}")];
        string[] ofOther = [.. Enumerable.Range(0, 500).Select(i => $"other {i}")];

        await Task.WhenAll(SendAsync(atOne, ofOne), SendAsync(atOther, ofOther));

        await Task.WhenAll(atOne.ReceivedAsync(1000, Soon), atOther.ReceivedAsync(1000, Soon));
        Assert.Equal(ofOne, atOne.Received.Where(text => text.StartsWith("one", StringComparison.Ordinal)));
        Assert.Equal(ofOther, atOne.Received.Where(text => text.StartsWith("other", StringComparison.Ordinal)));
        Assert.Equal(atOne.Received, atOther.Received);
        Assert.EndsWith("2", (await _redis.CliAsync("PUBSUB", "NUMSUB", "broadcast:shared")).Trim(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sender_without_echo_is_spared_its_own_messages_only()
    {
        await using var one = await Servers.StartAsync(_redis.ConnectionString);
        await using var other = await Servers.StartAsync(_redis.ConnectionString);
        await using var atOne = await Client.ConnectAsync(one.WebSocket("shared?subscribe-broadcast&publish-broadcast"));
        await using var atOther = await Client.ConnectAsync(other.WebSocket("shared?subscribe-broadcast&publish-broadcast"));

        await atOne.SendAsync("from one");
        await atOther.ReceivedAsync(1, Soon);
        await atOther.SendAsync("from the other");
        await atOne.ReceivedAsync(1, Soon);

        Assert.Equal(["from the other"], atOne.Received);
        Assert.Equal(["from one"], atOther.Received);
    }

    [Fact]
    public async Task A_new_client_is_given_what_was_last_published_at_another_node()
    {
        await using var one = await Servers.StartAsync(_redis.ConnectionString);
        await using var other = await Servers.StartAsync(_redis.ConnectionString);
        await using var sender = await Client.ConnectAsync(one.WebSocket("shared?subscribe-broadcast&publish-broadcast&echo"));
        await sender.SendAsync("the last");
        await sender.ReceivedAsync(1, Soon);

        await using var late = await Client.ConnectAsync(other.WebSocket("shared?subscribe-broadcast"));

        await late.ReceivedAsync(1, Soon);
        Assert.Equal(["the last"], late.Received);
    }

    private static async Task SendAsync(Client client, string[] messages)
    {
        foreach (var message in messages) await client.SendAsync(message);
    }
}
