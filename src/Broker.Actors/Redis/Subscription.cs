namespace Broker.Actors.Redis;

/// <summary>One subscriber's end of a channel, as long as it is subscribed. Its bus guards it with a lock of its own.</summary>
internal sealed class Subscription(string channel, string? markChannel, IArrivals arrivals)
{
    private volatile bool _ended;

    public string Channel { get; } = channel;

    public string? MarkChannel { get; } = markChannel;

    public IArrivals Arrivals { get; } = arrivals;

    /// <summary>Redis has confirmed all its names on the present connection.</summary>
    public bool Confirmed { get; set; }

    /// <summary>Redis has refused one of them on the present connection.</summary>
    public bool Refused { get; set; }

    /// <summary>Unsubscribed or replaced: it is called no more. Read without the lock.</summary>
    public bool Ended => _ended;

    /// <summary>The call that the next arrival joins, if it comes in the same round. Belongs to <see cref="Deliveries"/>.</summary>
    public (Deliveries? In, int Round, int Index) OpenCall { get; set; }

    public void End() => _ended = true;
}
