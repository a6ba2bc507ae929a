using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using Broker.Bench.Load;
using Broker.Faults.Deployments;

namespace Broker.Faults.Returning;

/// <summary>Publishes to all channels at once, so many times a second, through the server API of nodes that live; each publication is a number, the same on all channels.</summary>
internal sealed class Broadcaster : IAsyncDisposable
{
    private readonly Deployment _deployment;
    private readonly IReadOnlyList<string> _channels;
    private readonly TimeSpan _pace;
    private readonly CancellationTokenSource _end = new();
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly Task _working;
    private readonly ConcurrentBag<Task> _underWay = [];
    private int _number;

    public Broadcaster(Deployment deployment, IReadOnlyList<string> channels, double perSecond, string key)
    {
        (_deployment, _channels, _pace) = (deployment, channels, TimeSpan.FromSeconds(1 / perSecond));
        _http.DefaultRequestHeaders.Add("X-API-Key", key);
        _working = WorkAsync();
    }

    /// <summary>When each number was sent.</summary>
    public ConcurrentDictionary<int, long> SentAt { get; } = new();

    /// <summary>What was acknowledged, by channel.</summary>
    public ConcurrentBag<(int Channel, int Id)> Acknowledged { get; } = [];

    public int Failed;

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _http.Dispose();
    }

    public async Task StopAsync()
    {
        await _end.CancelAsync();
        await _working;
        await Task.WhenAll(_underWay);
    }

    private async Task WorkAsync()
    {
        using var pace = new PeriodicTimer(_pace);
        try
        {
            while (await pace.WaitForNextTickAsync(_end.Token)) _underWay.Add(BroadcastAsync(++_number));
        }
        catch (OperationCanceledException)
        {
        }
    }

    /// <summary>Not tried again: what failed may have been carried out.</summary>
    private async Task BroadcastAsync(int id)
    {
        var nodes = _deployment.Open;
        var node = nodes[id % nodes.Count];
        SentAt[id] = Clock.Now;
        try
        {
            using var response = await _http.PostAsJsonAsync(new Uri(node.Process.Address + "/api/broadcast"), new { channels = _channels, data = id });
            var answers = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("result").GetProperty("responses").EnumerateArray().ToList();
            for (var channel = 0; channel < answers.Count; channel++)
            {
                if (answers[channel].TryGetProperty("result", out _)) Acknowledged.Add((channel, id));
                else Interlocked.Increment(ref Failed);
            }
        }
        catch (Exception cut) when (cut is HttpRequestException or TaskCanceledException)
        {
            Interlocked.Add(ref Failed, _channels.Count);
        }
    }
}
