using Broker.Actors.Settings;

namespace Broker.Actors.Connections;

/// <summary>
/// What waits for one client: its order, its bound, and what happens when that is reached. Only decides; its <see cref="Outbox"/> locks and writes.
/// </summary>
/// <remarks>
/// Until every subscription has had its replay, frames are put in the order of the subscriptions: ws4redis clients expect broadcast, groups, user, session.
/// </remarks>
/// <param name="subscriptions">How many subscriptions will join.</param>
internal abstract class OutboxQueue(int subscriptions)
{
    /// <summary>How many publish ids of publications with several channels are remembered.</summary>
    private const int RememberedIds = 64;

    private List<string>? _seen;

    /// <summary>The one that a connection's channels ask for.</summary>
    public static OutboxQueue For(ConnectionPlan plan, BrokerSettings settings, BrokerMetrics? metrics)
    {
        if (settings.NeverConflates) return new PlainQueue(settings.OutboxLimit, plan.Subscribe.Count);

        bool[] conflates = [.. plan.Subscribe.Select(settings.Conflates)];
        return conflates.Contains(true) ? new ConflatingQueue(settings.OutboxLimit, conflates, metrics) : new PlainQueue(settings.OutboxLimit, conflates.Length);
    }

    public int Subscriptions => subscriptions;

    /// <summary>Nothing waits that may be written.</summary>
    public abstract bool IsEmpty { get; }

    /// <summary>Takes all that a subscription gets at this moment.</summary>
    /// <param name="subscription">Its index; -1 for frames that belong to none.</param>
    /// <param name="frames">In channel order.</param>
    /// <param name="taken">How many publications the client had not been given before.</param>
    /// <returns>False: too much waits, the client is too slow.</returns>
    public abstract bool Offer(int subscription, ReadOnlySpan<FrameSlice> frames, out int taken);

    /// <summary>The subscription's replay has been offered: it, and those after it that wait only for it, may flow.</summary>
    public abstract void Joined(int subscription);

    /// <summary>Nobody joins any more: all that waits may flow.</summary>
    public abstract void JoinAll();

    /// <summary>What is to be written next; null when nothing waits.</summary>
    public abstract List<ReadOnlyMemory<byte>>? Take();

    /// <summary>What was taken has been written.</summary>
    public abstract void Written(List<ReadOnlyMemory<byte>> frames, long bytes);

    /// <summary>Forgets all that waits.</summary>
    public abstract void Clear();

    /// <summary>True the first time that this client meets the publication, which may have come on another of its channels.</summary>
    protected bool IsNew(in FrameSlice frames)
    {
        if (frames.PublishId is not { } id) return true;

        _seen ??= [];
        if (_seen.Contains(id)) return false;

        if (_seen.Count == RememberedIds) _seen.RemoveAt(0);
        _seen.Add(id);
        return true;
    }

    /// <summary>The client has not been given it after all.</summary>
    protected void Forget(string publishId) => _seen?.Remove(publishId);
}
