using System.Text;
using Broker.Actors.Channels;
using Broker.Actors.Nodes;
using Broker.Actors.Subscribing;

namespace Broker.Actors.Tests.Nodes;

/// <summary>Reads a subscription into a list.</summary>
internal sealed class Reading : IAsyncDisposable
{
    private readonly List<Publication> _publications = [];
    private readonly Subscription _subscription;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _reading;

    private Reading(Subscription subscription, SubscriptionStart start)
    {
        (_subscription, Start) = (subscription, start);
        _reading = ReadAsync();
    }

    public SubscriptionStart Start { get; }

    public IReadOnlyList<Publication> Publications
    {
        get { lock (_publications) return [.. _publications]; }
    }

    public IReadOnlyList<string> Texts => [.. Publications.Select(publication => Encoding.UTF8.GetString(publication.Payload.Span))];

    public int Count
    {
        get { lock (_publications) return _publications.Count; }
    }

    public static async Task<Reading> OfAsync(BrokerNode node, ChannelName channel, StreamPosition? since = null)
    {
        var subscription = node.SubscribeAsync(channel, since);
        return new Reading(subscription, await subscription.StartAsync().WaitAsync(TestNode.Soon));
    }

    public Task UntilCountAsync(int count) => TestNode.UntilAsync(() => Count >= count, $"{count} publications, {Count} are there");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading;
        await _subscription.DisposeAsync();
        _stop.Dispose();
    }

    private async Task ReadAsync()
    {
        try
        {
            await foreach (var publication in _subscription.WithCancellation(_stop.Token))
            {
                lock (_publications) _publications.Add(publication);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }
}
