using System.Collections.Concurrent;
using System.Net;
using Broker.Bench.Load;
using Broker.Faults.Deployments;

namespace Broker.Faults.Traffic;

/// <summary>How a publish ended for its publisher.</summary>
internal enum Outcome
{
    /// <summary>It was acknowledged: it must arrive.</summary>
    Acknowledged,

    /// <summary>It was refused, or got no answer: it may have been carried out, once.</summary>
    Unknown,
}

/// <summary>One publish, as its publisher saw it.</summary>
internal sealed record Publish(int Id, int Channel, int Node, long Began, long Ended, Outcome Outcome, string Answer);

/// <summary>
/// On every node and for every channel one publisher, who publishes over HTTP and waits for each answer. Nothing is tried again: the endpoint takes no publish id.
/// </summary>
/// <param name="facilities">The channels.</param>
/// <param name="perSecond">How many publications a channel gets in a second, from so many nodes as it was made for.</param>
/// <param name="nodes">That many nodes.</param>
internal sealed class Publishers(IReadOnlyList<string> facilities, double perSecond, int nodes) : IAsyncDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    private readonly ConcurrentQueue<Publish> _publishes = new();
    private readonly ConcurrentDictionary<Node, (CancellationTokenSource End, Task Working)> _working = new();
    private readonly TimeSpan _pace = TimeSpan.FromSeconds(nodes / perSecond);
    private int _last;

    /// <summary>All that have ended.</summary>
    public IReadOnlyList<Publish> Ended => [.. _publishes];

    public void StartOn(Node node)
    {
        var end = new CancellationTokenSource();
        _working[node] = (end, Task.WhenAll(Enumerable.Range(0, facilities.Count).Select(channel => PublishAsync(node, channel, Interlocked.Increment(ref _last), end.Token))));
    }

    /// <summary>One publication ahead of all others, tried until it is acknowledged.</summary>
    /// <returns>The publication that was.</returns>
    public async Task<int> PublishOneAsync(Node node, int channel)
    {
        using var http = new HttpClient { Timeout = Timeout };
        var publisher = Interlocked.Increment(ref _last);
        for (var number = 0; ; number++)
        {
            var publish = await PublishAsync(http, AddressOf(node, channel), Payload.Id(publisher, number), channel, node.Number);
            _publishes.Enqueue(publish);
            if (publish.Outcome == Outcome.Acknowledged) return publish.Id;
        }
    }

    /// <summary>They get the answers that they wait for, and publish nothing more.</summary>
    public async Task StopOnAsync(Node node)
    {
        if (!_working.TryRemove(node, out var working)) return;

        await working.End.CancelAsync();
        await working.Working;
        working.End.Dispose();
    }

    public async Task StopAsync()
    {
        await Task.WhenAll(_working.Keys.Select(StopOnAsync));
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private Uri AddressOf(Node node, int channel) => new($"{node.Process.Address}/publish/{facilities[channel]}?publish-broadcast");

    private async Task PublishAsync(Node node, int channel, int publisher, CancellationToken end)
    {
        using var http = new HttpClient { Timeout = Timeout };
        var address = AddressOf(node, channel);
        using var pace = new PeriodicTimer(_pace);
        try
        {
            await Task.Delay(_pace * Random.Shared.NextDouble(), end);
            for (var number = 0; await pace.WaitForNextTickAsync(end); number++)
                _publishes.Enqueue(await PublishAsync(http, address, Payload.Id(publisher, number), channel, node.Number));
        }
        catch (OperationCanceledException)
        {
        }
    }

    private static async Task<Publish> PublishAsync(HttpClient http, Uri address, int id, int channel, int node)
    {
        var began = Clock.Now;
        string answer;
        try
        {
            // Not ended when publishing ends: what is under way is to be known.
            using var content = new StringContent(Payload.Text(id));
            using var response = await http.PostAsync(address, content, CancellationToken.None);
            if (response.StatusCode == HttpStatusCode.NoContent) return new Publish(id, channel, node, began, Clock.Now, Outcome.Acknowledged, "204");

            answer = $"{(int)response.StatusCode}";
        }
        catch (HttpRequestException cut)
        {
            answer = cut.HttpRequestError.ToString();
        }
        catch (TaskCanceledException)
        {
            answer = "no answer";
        }

        return new Publish(id, channel, node, began, Clock.Now, Outcome.Unknown, answer);
    }
}
