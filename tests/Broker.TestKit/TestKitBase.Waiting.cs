using System.Diagnostics;

namespace Broker.Testing;

/// <summary>Waiting for facts, and limits of time.</summary>
public abstract partial class TestKitBase
{
    private static readonly TimeSpan DefaultInterval = TimeSpan.FromMilliseconds(20);

    private Deadline? _within;

    /// <summary>What is left of the <see cref="Within(TimeSpan, Action, TimeSpan?, CancellationToken)"/> that this is in.</summary>
    /// <exception cref="InvalidOperationException">It is in none.</exception>
    public TimeSpan Remaining => _within?.Left ?? throw new InvalidOperationException("Remaining can only be asked for inside Within.");

    /// <summary>The same, or how long expectations wait by default.</summary>
    public TimeSpan RemainingOrDefault => _within?.Left ?? _expectDefault;

    /// <summary>The time given, or how long expectations wait by default; never more than is left.</summary>
    public TimeSpan RemainingOrDilated(TimeSpan? duration) =>
        duration is not { } wanted ? RemainingOrDefault
        : _within?.Left is { } left && left < wanted ? left
        : wanted;

    /// <summary>Waits until the condition holds.</summary>
    public void AwaitCondition(Func<bool> conditionIsFulfilled, CancellationToken cancellationToken = default) =>
        AwaitCondition(conditionIsFulfilled, null, cancellationToken);

    /// <summary>Waits until the condition holds.</summary>
    public void AwaitCondition(Func<bool> conditionIsFulfilled, TimeSpan? max, CancellationToken cancellationToken = default) =>
        AwaitCondition(conditionIsFulfilled, max, null, null, cancellationToken);

    /// <summary>Waits until the condition holds.</summary>
    public void AwaitCondition(
        Func<bool> conditionIsFulfilled,
        TimeSpan? max,
        TimeSpan? interval,
        string? message = null,
        CancellationToken cancellationToken = default) =>
        Wait(AwaitConditionAsync(conditionIsFulfilled, max, interval, message, cancellationToken));

    /// <summary>Waits until the condition holds.</summary>
    public Task AwaitConditionAsync(Func<bool> conditionIsFulfilled, CancellationToken cancellationToken = default) =>
        AwaitConditionAsync(conditionIsFulfilled, null, null, null, cancellationToken);

    /// <summary>Waits until the condition holds.</summary>
    public Task AwaitConditionAsync(
        Func<bool> conditionIsFulfilled,
        TimeSpan? max,
        TimeSpan? interval,
        string? message = null,
        CancellationToken cancellationToken = default) =>
        AwaitConditionAsync(() => Task.FromResult(conditionIsFulfilled()), max, interval, message, cancellationToken);

    /// <summary>Waits until the condition holds.</summary>
    public Task AwaitConditionAsync(Func<Task<bool>> conditionIsFulfilled, CancellationToken cancellationToken = default) =>
        AwaitConditionAsync(conditionIsFulfilled, null, null, null, cancellationToken);

    /// <summary>Waits until the condition holds.</summary>
    public async Task AwaitConditionAsync(
        Func<Task<bool>> conditionIsFulfilled,
        TimeSpan? max,
        TimeSpan? interval,
        string? message = null,
        CancellationToken cancellationToken = default)
    {
        var time = RemainingOrDilated(max);
        var deadline = new Deadline(time);
        while (!await conditionIsFulfilled().ConfigureAwait(false))
        {
            if (deadline.IsOver)
            {
                throw Failed($"Timeout {time} while waiting for a condition", message);
            }

            await Task.Delay(interval ?? DefaultInterval, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Waits until the assertions hold; fails as they do.</summary>
    public void AwaitAssert(
        Action assertion, TimeSpan? duration = null, TimeSpan? interval = null, CancellationToken cancellationToken = default) =>
        Wait(AwaitAssertAsync(assertion, duration, interval, cancellationToken));

    /// <summary>Waits until the assertions hold; fails as they do.</summary>
    public Task AwaitAssertAsync(
        Action assertion, TimeSpan? duration = null, TimeSpan? interval = null, CancellationToken cancellationToken = default)
    {
        return AwaitAssertAsync(Asserted, duration, interval, cancellationToken);

        Task Asserted()
        {
            assertion();
            return Task.CompletedTask;
        }
    }

    /// <summary>Waits until the assertions hold; fails as they do.</summary>
    public async Task AwaitAssertAsync(
        Func<Task> assertion, TimeSpan? duration = null, TimeSpan? interval = null, CancellationToken cancellationToken = default)
    {
        var deadline = new Deadline(RemainingOrDilated(duration));
        while (true)
        {
            try
            {
                await assertion().ConfigureAwait(false);
                return;
            }
            catch (Exception) when (!deadline.IsOver)
            {
                await Task.Delay(interval ?? DefaultInterval, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Limits the time of what is done inside, expectations included.</summary>
    public void Within(TimeSpan max, Action action, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        Within(TimeSpan.Zero, max, action, null, epsilonValue, cancellationToken);

    /// <summary>Limits the time of what is done inside from both sides, expectations included.</summary>
    public void Within(
        TimeSpan min,
        TimeSpan max,
        Action action,
        string? hint = null,
        TimeSpan? epsilonValue = null,
        CancellationToken cancellationToken = default)
    {
        Wait(WithinAsync(min, max, Done, hint, epsilonValue, cancellationToken));

        Task Done()
        {
            action();
            return Task.CompletedTask;
        }
    }

    /// <summary>Limits the time of what is done inside, expectations included.</summary>
    public Task WithinAsync(
        TimeSpan max, Func<Task> actionAsync, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        WithinAsync(TimeSpan.Zero, max, actionAsync, null, epsilonValue, cancellationToken);

    /// <summary>Limits the time of what is done inside from both sides, expectations included.</summary>
    public async Task WithinAsync(
        TimeSpan min,
        TimeSpan max,
        Func<Task> actionAsync,
        string? hint = null,
        TimeSpan? epsilonValue = null,
        CancellationToken cancellationToken = default)
    {
        var outer = _within;
        var limit = RemainingOrDilated(max);
        _within = new Deadline(limit);
        var start = Stopwatch.GetTimestamp();
        try
        {
            await actionAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _within = outer;
        }

        var took = Stopwatch.GetElapsedTime(start);
        if (took < min || took > limit + (epsilonValue ?? TimeSpan.Zero))
        {
            throw Failed($"It took {took}, which is not between {min} and {limit}", hint);
        }
    }
}
