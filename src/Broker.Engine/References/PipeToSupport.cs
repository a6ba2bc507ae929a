namespace Broker.Engine;

/// <summary>What an actor does instead of awaiting: the task's outcome comes to it as a message.</summary>
public static class PipeToSupport
{
    /// <summary>
    /// Tells the result, or a <see cref="Status.Failure"/>; <paramref name="success"/> and <paramref name="failure"/> make other
    /// messages of them.
    /// </summary>
    /// <returns>Completes when the message is told; never fails because the task did.</returns>
    public static async Task PipeTo<T>(
        this Task<T> taskToPipe,
        ICanTell recipient,
        IActorRef? sender = null,
        Func<T, object>? success = null,
        Func<Exception, object>? failure = null)
    {
        ArgumentNullException.ThrowIfNull(taskToPipe);
        object? message;
        try
        {
            var result = await taskToPipe.ConfigureAwait(false);
            message = success is null ? result : success(result);
        }
        catch (Exception cause)
        {
            message = failure is null ? new Status.Failure(cause) : failure(cause);
        }

        recipient.Tell(message!, sender);
    }

    /// <summary>
    /// Tells what <paramref name="success"/> makes, nothing without it; or a <see cref="Status.Failure"/>, or what
    /// <paramref name="failure"/> makes of it.
    /// </summary>
    /// <returns>Completes when the message is told; never fails because the task did.</returns>
    public static async Task PipeTo(
        this Task taskToPipe,
        ICanTell recipient,
        IActorRef? sender = null,
        Func<object>? success = null,
        Func<Exception, object>? failure = null)
    {
        ArgumentNullException.ThrowIfNull(taskToPipe);
        object? message;
        try
        {
            await taskToPipe.ConfigureAwait(false);
            message = success?.Invoke();
        }
        catch (Exception cause)
        {
            message = failure is null ? new Status.Failure(cause) : failure(cause);
        }

        if (message is not null)
        {
            recipient.Tell(message, sender);
        }
    }

    /// <inheritdoc cref="PipeTo{T}(Task{T}, ICanTell, IActorRef?, Func{T, object}?, Func{Exception, object}?)"/>
    public static Task PipeTo<T>(
        this ValueTask<T> taskToPipe,
        ICanTell recipient,
        IActorRef? sender = null,
        Func<T, object>? success = null,
        Func<Exception, object>? failure = null) => taskToPipe.AsTask().PipeTo(recipient, sender, success, failure);

    /// <inheritdoc cref="PipeTo(Task, ICanTell, IActorRef?, Func{object}?, Func{Exception, object}?)"/>
    public static Task PipeTo(
        this ValueTask taskToPipe,
        ICanTell recipient,
        IActorRef? sender = null,
        Func<object>? success = null,
        Func<Exception, object>? failure = null) => taskToPipe.AsTask().PipeTo(recipient, sender, success, failure);
}
