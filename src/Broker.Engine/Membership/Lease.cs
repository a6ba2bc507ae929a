namespace Broker.Engine;

/// <summary>
/// What a node may do by its own clock. It holds its lease for one duration from when it <em>sent</em> the renewal, which is no longer than the
/// coordinator does. After it (re)connected it claims nothing and buries nobody for one duration: all others, who perhaps lost Redis with it,
/// get that long to come back and keep what they have. One writes; whether it is held anybody may ask.
/// </summary>
internal sealed class Lease(TimeSpan duration)
{
    private const long Never = long.MinValue;

    private long _until = Never;
    private long _countsUntil = Never;
    private TimeSpan _settledFrom;

    public TimeSpan Duration => duration;

    /// <summary>How often to renew: two may fail.</summary>
    public TimeSpan RenewInterval => duration / 3;

    /// <summary>A founder of a cluster has nobody to wait for.</summary>
    public bool IsFounder { get; init; }

    public bool IsHeld(TimeSpan now) => Volatile.Read(ref _until) > now.Ticks;

    /// <summary>
    /// Whether entities may rely on it. One that was lost and came back counts only from <see cref="LetCount"/> on: others may have been given what was ours.
    /// </summary>
    public bool Counts(TimeSpan now) => Volatile.Read(ref _countsUntil) > now.Ticks;

    /// <summary>When it runs out, null if it was never held.</summary>
    public TimeSpan? Until => Volatile.Read(ref _until) is var until and not Never ? TimeSpan.FromTicks(until) : null;

    /// <summary>When the renewal was sent that was last granted, null if none was.</summary>
    public TimeSpan? RenewedAt => Until - duration;

    /// <summary>May claim shards of dead nodes, and take members without a lease for dead.</summary>
    public bool IsSettled(TimeSpan now) => IsHeld(now) && now >= _settledFrom;

    /// <summary>When it may, if it holds its lease so long.</summary>
    public TimeSpan SettledFrom => _settledFrom;

    public void Renewed(TimeSpan sentAt, TimeSpan now, bool hadLease)
    {
        var isFirst = Until is null;
        var wasLost = !isFirst && (!hadLease || !Counts(now));
        if (!(isFirst && IsFounder) && (!hadLease || !IsHeld(now)))
        {
            _settledFrom = now + duration;
        }

        // An answer that came late leaves a lease that has run out already, or a shorter one.
        Volatile.Write(ref _until, (sentAt + duration).Ticks);
        Volatile.Write(ref _countsUntil, wasLost ? Never : _until);
    }

    /// <summary>Nothing is left here of what others were given meanwhile.</summary>
    public void LetCount() => Volatile.Write(ref _countsUntil, _until);

    /// <summary>It is given back, or the members have ended it: held no more from now on.</summary>
    public void End(TimeSpan now)
    {
        if (IsHeld(now))
        {
            Volatile.Write(ref _until, now.Ticks);
            Volatile.Write(ref _countsUntil, now.Ticks);
        }
    }
}
