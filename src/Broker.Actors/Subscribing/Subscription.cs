using System.Threading.Channels;
using Broker.Actors.Channels;

namespace Broker.Actors.Subscribing;

/// <summary>
/// A channel as an asynchronous stream. Reading begins the subscription if it has not begun; disposing ends it, and so does the node's stop. One reader at a time.
/// </summary>
/// <remarks>
/// Every publication carries its position: offsets follow each other within an epoch, so a jump or another epoch says that something was missed. What is not read waits, up to
/// <c>broker.outbox</c> bytes; a slower reader is ended with <see cref="SlowReaderException"/>.
/// </remarks>
public sealed class Subscription : IAsyncEnumerable<Publication>, IAsyncDisposable
{
    private readonly Channel<Publication> _waiting = Channel.CreateUnbounded<Publication>(new UnboundedChannelOptions { SingleReader = true });
    private readonly TaskCompletionSource<SubscriptionStart> _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ChannelName _channel;
    private readonly StreamPosition? _since;
    private readonly IActorRef _door;
    private readonly Reader _reader;
    private readonly long _limit;
    private readonly CancellationToken _stopped;
    private readonly Lock _gate = new();
    private bool _asked;
    private bool _disposed;
    private long _bytes;
    private CancellationTokenRegistration _stopping;

    /// <param name="stopped">The node has stopped: the door answers no more.</param>
    internal Subscription(ChannelName channel, StreamPosition? since, IActorRef door, long limit, CancellationToken stopped)
    {
        _channel = channel;
        _since = since;
        _door = door;
        _limit = limit;
        _stopped = stopped;
        _reader = new Reader(this);
    }

    /// <summary>
    /// Begins the subscription, if it has not begun. Completes once everything published from here on will be read: where the channel stood, and whether what was missed comes first.
    /// </summary>
    public Task<SubscriptionStart> StartAsync(CancellationToken cancellation = default)
    {
        lock (_gate)
        {
            // What has ended by itself (a slow reader) can still be read to its end, and says there why.
            ObjectDisposedException.ThrowIf(_disposed && !_asked, this);
            if (!_asked) Ask();
        }

        return _started.Task.WaitAsync(cancellation);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerator<Publication> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        await StartAsync(cancellationToken);
        await foreach (var publication in _waiting.Reader.ReadAllAsync(cancellationToken))
        {
            Interlocked.Add(ref _bytes, -publication.Weight);
            yield return publication;
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        End(null);
        return ValueTask.CompletedTask;
    }

    private void Ask()
    {
        _asked = true;
        _door.Tell(new StartReader(_channel, _reader, _since), ActorRefs.NoSender);

        // The door may have gone before it heard.
        _stopping = _stopped.UnsafeRegister(static subscription => ((Subscription)subscription!).End(null), this);
    }

    private void End(Exception? reason)
    {
        // First: what the door is told comes back as an end without a reason.
        _waiting.Writer.TryComplete(reason);
        if (reason is null) _started.TrySetCanceled();
        else _started.TrySetException(reason);

        lock (_gate)
        {
            if (_asked && !_disposed) _door.Tell(new StopReader(_reader), ActorRefs.NoSender);
            _disposed = true;
            _stopping.Unregister();
        }
    }

    private void Take(IReadOnlyList<Publication> publications)
    {
        // As with an outbox: what waits already counts, not what comes.
        var bytes = publications.Sum(publication => publication.Weight);
        if (Interlocked.Add(ref _bytes, bytes) - bytes >= _limit)
        {
            End(new SlowReaderException());
            return;
        }

        foreach (var publication in publications) _waiting.Writer.TryWrite(publication);
    }

    private sealed class Reader(Subscription subscription) : IPublicationReader
    {
        public void Begins(ChannelName channel, StreamPosition position, bool recovered) =>
            subscription._started.TrySetResult(new SubscriptionStart(position, recovered));

        public void Take(IReadOnlyList<Publication> publications) => subscription.Take(publications);

        public void Ended(UnsubscribeReason reason) => subscription.End(reason == UnsubscribeReason.NodeStops ? null : new SubscriptionFailedException());
    }
}

/// <param name="Position">Where the channel stood.</param>
/// <param name="Recovered">The subscription came with a position and gets everything since then. False with a position: something was missed, load the state anew.</param>
public sealed record SubscriptionStart(StreamPosition Position, bool Recovered);

/// <summary>A reader was slower than the channel publishes, and more waited for it than <c>broker.outbox</c> allows.</summary>
public sealed class SlowReaderException() : Exception("the reader is slower than its channel; more waited than broker.outbox allows");

/// <summary>The node could not keep the subscription; what it logged says why. Subscribe again, from the last position that was read.</summary>
public sealed class SubscriptionFailedException() : Exception("the subscription failed on its node; subscribe again from the last position that was read");
