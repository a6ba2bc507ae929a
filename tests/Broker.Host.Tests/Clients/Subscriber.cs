using System.Text;
using Broker.Actors.Channels;
using Broker.Actors.Subscribing;
using Broker.Host.Tests.WebSockets;

namespace Broker.Host.Tests.Clients;

/// <summary>Reads a channel inside the process: a witness of what is published.</summary>
internal sealed class Subscriber(Subscription subscription) : IAsyncDisposable
{
    private readonly IAsyncEnumerator<Publication> _publications = subscription.GetAsyncEnumerator();

    public static async Task<Subscriber> OfAsync(ClientServer server, ChannelName channel)
    {
        var subscription = server.Node.SubscribeAsync(channel);
        await subscription.StartAsync().WaitAsync(Deadline.Fact);
        return new Subscriber(subscription);
    }

    public async Task<string> NextAsync()
    {
        Assert.True(await _publications.MoveNextAsync().AsTask().WaitAsync(Deadline.Fact));
        return Encoding.UTF8.GetString(_publications.Current.Payload.Span);
    }

    public async ValueTask DisposeAsync()
    {
        await _publications.DisposeAsync();
        await subscription.DisposeAsync();
    }
}
