namespace Broker.Engine;

/// <summary>Asking: for the edges of a system, where something that is no actor wants an answer. Actors use Tell.</summary>
public static class Futures
{
    /// <summary>Sends a message and waits for the answer.</summary>
    /// <param name="self">Who is asked.</param>
    /// <param name="message">The question.</param>
    /// <param name="timeout">How long to wait; the system's <c>akka.actor.ask-timeout</c> if null.</param>
    /// <returns>
    /// The answer. Fails with <see cref="AskTimeoutException"/> if none comes, with the cause if it is a <see cref="Status.Failure"/>,
    /// with <see cref="ArgumentException"/> if it is of another type.
    /// </returns>
    public static Task<object> Ask(this ICanTell self, object message, TimeSpan? timeout = null) =>
        self.Ask<object>(message, timeout, CancellationToken.None);

    /// <inheritdoc cref="Ask(ICanTell, object, TimeSpan?)"/>
    public static Task<object> Ask(this ICanTell self, object message, CancellationToken cancellationToken) =>
        self.Ask<object>(message, null, cancellationToken);

    /// <inheritdoc cref="Ask(ICanTell, object, TimeSpan?)"/>
    public static Task<object> Ask(this ICanTell self, object message, TimeSpan? timeout, CancellationToken cancellationToken) =>
        self.Ask<object>(message, timeout, cancellationToken);

    /// <inheritdoc cref="Ask(ICanTell, object, TimeSpan?)"/>
    public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout = null) =>
        self.Ask<T>(message, timeout, CancellationToken.None);

    /// <inheritdoc cref="Ask(ICanTell, object, TimeSpan?)"/>
    public static Task<T> Ask<T>(this ICanTell self, object message, CancellationToken cancellationToken) =>
        self.Ask<T>(message, null, cancellationToken);

    /// <inheritdoc cref="Ask(ICanTell, object, TimeSpan?)"/>
    public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout, CancellationToken cancellationToken) =>
        self.Ask<T>(_ => message, timeout, cancellationToken);

    /// <summary>The same with a message that carries the reference to which the answer is to go.</summary>
    public static Task<T> Ask<T>(
        this ICanTell self, Func<IActorRef, object> messageFactory, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(self);
        ArgumentNullException.ThrowIfNull(messageFactory);
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellationToken);
        }

        var asking = new AskRef<T>(SystemOf(self));
        asking.Expect(timeout ?? asking.System.Settings.AskTimeout, cancellationToken);
        self.Tell(messageFactory(asking), asking);
        return asking.Answer;
    }

    private static LocalActorSystem SystemOf(ICanTell receiver) => receiver switch
    {
        IInternalActorRef actor => actor.System,
        ActorSelection { Anchor: IInternalActorRef anchor } => anchor.System,
        _ => ActorCell.Current?.System ?? throw new ArgumentException("It is of no actor system.", nameof(receiver)),
    };
}

/// <summary>Takes the answer to an Ask.</summary>
internal sealed class AskRef<T>(LocalActorSystem system) : ActorRefBase
{
    private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ActorPath? _path;
    private Alarm? _timeout;
    private CancellationTokenRegistration _cancellation;

    public Task<T> Answer => _answer.Task;

    public override LocalActorSystem System => system;

    public override bool IsTerminated => _answer.Task.IsCompleted;

    /// <summary>Given when somebody asks for it: hardly any answer needs one. From then on the answer may come by the path.</summary>
    public override ActorPath Path
    {
        get
        {
            if (Volatile.Read(ref _path) is { } given)
            {
                return given;
            }

            var path = LazyInitializer.EnsureInitialized(ref _path, system.NextTemporaryPath);
            system.Temporaries[path.Name] = this;
            if (IsTerminated)
            {
                system.Temporaries.TryRemove(path.Name, out _);
            }

            return path;
        }
    }

    public void Expect(TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (timeout > TimeSpan.Zero)
        {
            _timeout = system.Wheel.Start(new TimeoutAlarm(this, timeout), timeout);
        }

        if (cancellationToken.CanBeCanceled)
        {
            _cancellation = cancellationToken.UnsafeRegister(
                static (state, token) => ((AskRef<T>)state!).Cancelled(token), this);
        }
    }

    public override void Tell(object message, IActorRef? sender)
    {
        ThrowIfNull(message);
        var taken = message switch
        {
            T answer => _answer.TrySetResult(answer),
            Status.Failure failure => _answer.TrySetException(failure.Cause),
            _ => _answer.TrySetException(
                new ArgumentException($"Received message of type [{message.GetType()}] - Ask expected message of type [{typeof(T)}]")),
        };
        Forget();
        if (!taken && !_answer.Task.IsCanceled)
        {
            system.DeadLetterMailbox.Lost(message, sender, this);
        }
    }

    public override bool Equals(IActorRef? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => Path.GetHashCode();

    private void Cancelled(CancellationToken token)
    {
        _answer.TrySetCanceled(token);
        Forget();
    }

    private void TimedOut(TimeSpan timeout)
    {
        _answer.TrySetException(new AskTimeoutException($"Timeout after {timeout.TotalSeconds:F2} seconds"));
        Forget();
    }

    /// <summary>Nothing keeps this in memory any more.</summary>
    private void Forget()
    {
        _timeout?.Cancel();
        _cancellation.Unregister();
        if (Volatile.Read(ref _path) is { } path)
        {
            system.Temporaries.TryRemove(path.Name, out _);
        }
    }

    private sealed class TimeoutAlarm(AskRef<T> asking, TimeSpan timeout) : Alarm(period: null)
    {
        public override void Ring() => asking.TimedOut(timeout);
    }
}
