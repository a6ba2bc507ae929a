using System.Runtime.CompilerServices;
using Broker.Engine;
using Xunit;

namespace Broker.Testing;

/// <summary>Looking at messages. What waits blocks its thread; what ends in Async does not.</summary>
public abstract partial class TestKitBase
{
    /// <summary>The next message, which must be a <typeparamref name="T"/>.</summary>
    public T ExpectMsg<T>(TimeSpan? duration = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Wait(ExpectMsgAsync<T>(duration, hint, cancellationToken));

    /// <summary>The next message, which must equal <paramref name="message"/>.</summary>
    public T ExpectMsg<T>(T message, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Wait(ExpectMsgAsync(message, timeout, hint, cancellationToken));

    /// <summary>The next message, which must be a <typeparamref name="T"/> for which the predicate is true.</summary>
    public T ExpectMsg<T>(
        Predicate<T> isMessage, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Wait(ExpectMsgAsync(isMessage, timeout, hint, cancellationToken));

    /// <summary>The next message, which must be a <typeparamref name="T"/> that the assertions hold for.</summary>
    public T ExpectMsg<T>(
        Action<T> assert, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Wait(ExpectMsgAsync(assert, timeout, hint, cancellationToken));

    /// <inheritdoc cref="ExpectMsg{T}(TimeSpan?, string?, CancellationToken)"/>
    public async ValueTask<T> ExpectMsgAsync<T>(
        TimeSpan? duration = null, string? hint = null, CancellationToken cancellationToken = default)
    {
        var max = RemainingOrDilated(duration);
        var message = await _mailbox.Take(max, cancellationToken).ConfigureAwait(false);
        return message switch
        {
            T expected => expected,
            null => throw Failed($"Timeout {max} while waiting for a message of type {typeof(T)}", hint),
            _ => throw Failed($"Expected a message of type {typeof(T)}, got {message.GetType()}: {message}", hint),
        };
    }

    /// <inheritdoc cref="ExpectMsg{T}(T, TimeSpan?, string?, CancellationToken)"/>
    public async ValueTask<T> ExpectMsgAsync<T>(
        T message, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default)
    {
        var got = await ExpectMsgAsync<T>(timeout, hint, cancellationToken).ConfigureAwait(false);
        Assert.Equal(message, got);
        return got;
    }

    /// <inheritdoc cref="ExpectMsg{T}(Predicate{T}, TimeSpan?, string?, CancellationToken)"/>
    public async ValueTask<T> ExpectMsgAsync<T>(
        Predicate<T> isMessage, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default)
    {
        var got = await ExpectMsgAsync<T>(timeout, hint, cancellationToken).ConfigureAwait(false);
        return isMessage(got) ? got : throw Failed($"Got a message of the expected type that does not fit: {got}", hint);
    }

    /// <inheritdoc cref="ExpectMsg{T}(Action{T}, TimeSpan?, string?, CancellationToken)"/>
    public async ValueTask<T> ExpectMsgAsync<T>(
        Action<T> assert, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default)
    {
        var got = await ExpectMsgAsync<T>(timeout, hint, cancellationToken).ConfigureAwait(false);
        assert(got);
        return got;
    }

    /// <summary>The next message, which must be a <typeparamref name="T"/> from that sender.</summary>
    public T ExpectMsgFrom<T>(
        IActorRef sender, TimeSpan? duration = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Wait(ExpectMsgFromAsync<T>(sender, duration, hint, cancellationToken));

    /// <inheritdoc cref="ExpectMsgFrom{T}"/>
    public async ValueTask<T> ExpectMsgFromAsync<T>(
        IActorRef sender, TimeSpan? duration = null, string? hint = null, CancellationToken cancellationToken = default)
    {
        var got = await ExpectMsgAsync<T>(duration, hint, cancellationToken).ConfigureAwait(false);
        Assert.Equal(sender, LastSender);
        return got;
    }

    /// <summary>The next messages, which must be these in any order.</summary>
    public IReadOnlyCollection<T> ExpectMsgAllOf<T>(IReadOnlyCollection<T> messages, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var deadline = new Deadline(RemainingOrDefault);
        var missing = messages.ToList();
        List<T> received = [];
        while (missing.Count > 0)
        {
            var message = ExpectMsg<T>(deadline.Left, $"still missing: {string.Join(", ", missing)}", cancellationToken);
            Assert.True(missing.Remove(message), $"Not expected: {message}; still missing: {string.Join(", ", missing)}");
            received.Add(message);
        }

        return received;
    }

    /// <summary>No message, for a short time.</summary>
    public void ExpectNoMsg(CancellationToken cancellationToken = default) => ExpectNoMsg(_noMessageDefault, cancellationToken);

    /// <summary>No message, for that time.</summary>
    public void ExpectNoMsg(TimeSpan duration, CancellationToken cancellationToken = default) =>
        Wait(ExpectNoMsgAsync(duration, cancellationToken).AsTask());

    /// <summary>No message, for that time.</summary>
    public void ExpectNoMsg(int milliseconds, CancellationToken cancellationToken = default) =>
        ExpectNoMsg(TimeSpan.FromMilliseconds(milliseconds), cancellationToken);

    /// <inheritdoc cref="ExpectNoMsg(CancellationToken)"/>
    public ValueTask ExpectNoMsgAsync(CancellationToken cancellationToken = default) =>
        ExpectNoMsgAsync(_noMessageDefault, cancellationToken);

    /// <inheritdoc cref="ExpectNoMsg(TimeSpan, CancellationToken)"/>
    public async ValueTask ExpectNoMsgAsync(TimeSpan duration, CancellationToken cancellationToken = default)
    {
        if (await _mailbox.Take(duration, cancellationToken).ConfigureAwait(false) is { } message)
        {
            throw Failed($"Expected no message, got {message.GetType()}: {message}", hint: null);
        }
    }

    /// <summary>The next message, which must say that the actor has stopped.</summary>
    public Terminated ExpectTerminated(
        IActorRef target, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default) =>
        Wait(ExpectTerminatedAsync(target, timeout, hint, cancellationToken));

    /// <inheritdoc cref="ExpectTerminated"/>
    public async ValueTask<Terminated> ExpectTerminatedAsync(
        IActorRef target, TimeSpan? timeout = null, string? hint = null, CancellationToken cancellationToken = default)
    {
        var terminated = await ExpectMsgAsync<Terminated>(timeout, hint, cancellationToken).ConfigureAwait(false);
        Assert.Equal(target, terminated.ActorRef);
        return terminated;
    }

    /// <summary>The first message for which the predicate is true; others before it are passed over.</summary>
    public T FishForMessage<T>(
        Predicate<T> isMessage, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default) =>
        Wait(FishForMessageAsync(isMessage, max, hint, cancellationToken));

    /// <inheritdoc cref="FishForMessage{T}"/>
    public async ValueTask<T> FishForMessageAsync<T>(
        Predicate<T> isMessage, TimeSpan? max = null, string hint = "", CancellationToken cancellationToken = default)
    {
        var deadline = new Deadline(RemainingOrDilated(max));
        while (await _mailbox.Take(deadline.Left, cancellationToken).ConfigureAwait(false) is { } message)
        {
            if (message is T typed && isMessage(typed))
            {
                return typed;
            }
        }

        throw Failed($"Timeout while fishing for a message of type {typeof(T)}", hint);
    }

    /// <summary>The next message, null if none comes in time.</summary>
    public object? ReceiveOne(TimeSpan? max = null, CancellationToken cancellationToken = default) =>
        Wait(ReceiveOneAsync(max, cancellationToken));

    /// <inheritdoc cref="ReceiveOne"/>
    public ValueTask<object?> ReceiveOneAsync(TimeSpan? max = null, CancellationToken cancellationToken = default) =>
        _mailbox.Take(RemainingOrDilated(max), cancellationToken);

    /// <summary>The next messages.</summary>
    public IReadOnlyCollection<object> ReceiveN(int numberOfMessages, CancellationToken cancellationToken = default) =>
        ReceiveN(numberOfMessages, RemainingOrDefault, cancellationToken);

    /// <summary>The next messages, all of them within that time.</summary>
    public IReadOnlyCollection<object> ReceiveN(int numberOfMessages, TimeSpan max, CancellationToken cancellationToken = default)
    {
        var deadline = new Deadline(max);
        var received = new List<object>(numberOfMessages);
        while (received.Count < numberOfMessages)
        {
            received.Add(ExpectMsg<object>(deadline.Left, $"{received.Count} of {numberOfMessages} received", cancellationToken));
        }

        return received;
    }

    /// <inheritdoc cref="ReceiveN(int, TimeSpan, CancellationToken)"/>
    public async IAsyncEnumerable<object> ReceiveNAsync(
        int numberOfMessages, TimeSpan max, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var deadline = new Deadline(max);
        for (var received = 0; received < numberOfMessages; received++)
        {
            yield return await ExpectMsgAsync<object>(deadline.Left, $"{received} of {numberOfMessages} received", cancellationToken)
                .ConfigureAwait(false);
        }
    }

    private static Xunit.Sdk.FailException Failed(string what, string? hint) =>
        Xunit.Sdk.FailException.ForFailure(string.IsNullOrEmpty(hint) ? what : $"{what} ({hint})");
}
