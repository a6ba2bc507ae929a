using Broker.Actors.Relays;
using Broker.Actors.Sessions;

namespace Broker.Actors.Rich;

/// <summary>One channel of a rich client, as its actor knows it.</summary>
internal sealed class RichSubscription(SubscriptionLife life)
{
    /// <summary>How it begins and ends for the client.</summary>
    public SubscriptionLife Life { get; } = life;

    public RichJoin Join => Life.Join;

    public RichSubscriber Subscriber { get; set; } = null!;

    public IActorRef? Relay { get; set; }

    /// <summary>The client has been told that it is subscribed.</summary>
    public bool HasJoined { get; set; }

    /// <summary>By when it must have joined, on the node's clock.</summary>
    public TimeSpan? JoinBy { get; set; }

    /// <summary>When it is over unless it is refreshed, on the node's clock.</summary>
    public TimeSpan? EndsAt { get; set; }

    /// <summary>The token that it stands by, if it stands by one.</summary>
    public PresentedToken? Token { get; set; }

    /// <summary>It has been told to leave. What follows when it has.</summary>
    public Action? Leaving { get; set; }

    /// <summary>What the client is told then.</summary>
    public Farewell? Farewell { get; set; }

    public Rejoins? Rejoins { get; set; }

    public TimeSpan? Deadline => Leaving is not null ? null : HasJoined ? EndsAt : JoinBy;
}
