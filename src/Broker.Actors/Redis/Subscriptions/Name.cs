namespace Broker.Actors.Redis.Subscriptions;

/// <summary>One Redis channel name on the connection: who listens, as its channel or as its mark channel, and how far Redis's answers are.</summary>
internal sealed class Name(byte[] bytes)
{
    private long _channelSince;
    private long _markSince;

    public byte[] Bytes { get; } = bytes;

    public Subscription? AsChannel { get; private set; }

    public Subscription? AsMark { get; private set; }

    /// <summary>SUBSCRIBEs and UNSUBSCRIBEs of this name that were sent on the present connection.</summary>
    public long Sent { get; set; }

    /// <summary>How many of them Redis has answered.</summary>
    public long Answered { get; set; }

    /// <summary>The channel of <see cref="SubscriptionTable.SubscribeFences"/>.</summary>
    public bool IsForFences { get; init; }

    public bool IsWanted => IsForFences || AsChannel is not null || AsMark is not null;

    public bool ChannelIsAnswered => Answered >= _channelSince;

    public bool MarkIsAnswered => Answered >= _markSince;

    /// <summary>Call it after the SUBSCRIBE: the answer to that is the one that counts.</summary>
    public void SetChannel(Subscription? subscription) => (AsChannel, _channelSince) = (subscription, Sent);

    /// <inheritdoc cref="SetChannel"/>
    public void SetMark(Subscription? subscription) => (AsMark, _markSince) = (subscription, Sent);

    /// <summary>A new connection, on which one SUBSCRIBE is sent.</summary>
    public void Begin() => (Sent, Answered, _channelSince, _markSince) = (1, 0, 1, 1);
}
