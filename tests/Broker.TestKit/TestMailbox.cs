using System.Threading.Channels;
using Broker.Engine;

namespace Broker.Testing;

/// <summary>What a test actor was told and no test has looked at yet.</summary>
internal sealed class TestMailbox
{
    private static int _lastNumber;

    private readonly Channel<(object Message, IActorRef Sender)> _messages = Channel.CreateUnbounded<(object, IActorRef)>();

    public volatile Func<object, bool>? Ignore;

    public IActorRef? LastSender { get; private set; }

    public bool HasMessages => _messages.Reader.Count > 0;

    public static int NextNumber() => Interlocked.Increment(ref _lastNumber);

    public void Add(object message, IActorRef sender)
    {
        if (Ignore?.Invoke(message) != true)
        {
            _messages.Writer.TryWrite((message, sender));
        }
    }

    /// <returns>The next message, null if none comes in time.</returns>
    public async ValueTask<object?> Take(TimeSpan max, CancellationToken cancellationToken)
    {
        if (!_messages.Reader.TryRead(out var next))
        {
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            timeout.CancelAfter(max);
            try
            {
                next = await _messages.Reader.ReadAsync(timeout.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return null;
            }
        }

        LastSender = next.Sender;
        return next.Message;
    }
}

/// <summary>Keeps what it is told.</summary>
internal sealed class TestActor : ReceiveActor
{
    public TestActor(TestMailbox mailbox)
    {
        Receive<Watch>(watch => Context.Watch(watch.Actor));
        Receive<Unwatch>(unwatch => Context.Unwatch(unwatch.Actor));
        ReceiveAny(message => mailbox.Add(message, Sender));
    }

    public sealed record Watch(IActorRef Actor);

    public sealed record Unwatch(IActorRef Actor);
}
