namespace Broker.Actors.Redis.Subscriptions;

/// <summary>Written by the reading thread only.</summary>
internal sealed class SubscriptionCounters
{
    /// <summary>Messages, confirmations and PONGs that were read.</summary>
    public long Replies { get; set; }

    /// <summary>Connections that worked and were lost.</summary>
    public long Losses { get; set; }

    /// <summary>Messages over the bound; each of them cost the connection.</summary>
    public long TooLarge { get; set; }
}
