using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using Broker.Bench.Load;
using Broker.Faults.Deployments;
using Broker.Faults.Traffic;

namespace Broker.Faults.Returning;

/// <summary>
/// Publishes to all channels at once, so many times a second, through the server API of nodes that live; each publication is a number, the same on all channels. Nothing is tried again: what
/// failed may have been carried out.
/// </summary>
internal sealed class Broadcaster : IAsyncDisposable
{
    private readonly Deployment _deployment;
    private readonly IReadOnlyList<string> _channels;
    private readonly CancellationTokenSource _end = new();
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly ConcurrentQueue<Publish> _publishes = new();
    private readonly Task _working;

    public Broadcaster(Deployment deployment, IReadOnlyList<string> channels, double perSecond, string key)
    {
        (_deployment, _channels) = (deployment, channels);
        _http.DefaultRequestHeaders.Add("X-API-Key", key);
        _working = WorkAsync(TimeSpan.FromSeconds(1 / perSecond));
    }

    /// <summary>All that have ended.</summary>
    public IReadOnlyCollection<Publish> Ended => _publishes;

    public async Task StopAsync()
    {
        await _end.CancelAsync();
        await _working;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _http.Dispose();
        _end.Dispose();
    }

    private async Task WorkAsync(TimeSpan every)
    {
        using var pace = new PeriodicTimer(every);
        var underWay = new List<Task>();
        try
        {
            while (await pace.WaitForNextTickAsync(_end.Token)) underWay.Add(BroadcastAsync(underWay.Count + 1));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(underWay);
        }
    }

    private async Task BroadcastAsync(int id)
    {
        var nodes = _deployment.Open;
        var node = nodes[id % nodes.Count];
        var began = Clock.Now;
        IReadOnlyList<string> answers;
        try
        {
            using var response = await _http.PostAsJsonAsync(new Uri(node.Process.Address + "/api/broadcast"), new { channels = _channels, data = id });
            var result = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("result");
            answers = [.. result.GetProperty("responses").EnumerateArray().Select(answer => answer.TryGetProperty("error", out var error) ? error.ToString() : "")];
        }
        catch (Exception cut) when (cut is HttpRequestException or TaskCanceledException)
        {
            answers = [.. _channels.Select(_ => cut is HttpRequestException failed ? failed.HttpRequestError.ToString() : "no answer")];
        }

        var ended = Clock.Now;
        for (var channel = 0; channel < answers.Count; channel++)
            _publishes.Enqueue(new Publish(id, channel, node.Number, began, ended, answers[channel].Length == 0 ? Outcome.Acknowledged : Outcome.Unknown, answers[channel]));
    }
}
