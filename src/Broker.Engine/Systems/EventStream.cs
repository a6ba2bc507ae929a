namespace Broker.Engine;

/// <summary>What happens in a system, for whom it concerns: dead letters and messages that nobody handled.</summary>
public class EventStream
{
    private readonly Lock _gate = new();
    private volatile Subscription[] _subscriptions = [];

    internal EventStream()
    {
    }

    /// <summary>Sends an actor everything published of that type, its subtypes included, until it stops.</summary>
    /// <returns>Whether the subscription is new.</returns>
    public virtual bool Subscribe(IActorRef subscriber, Type channel)
    {
        var subscription = new Subscription(subscriber, channel);
        lock (_gate)
        {
            if (_subscriptions.Contains(subscription))
            {
                return false;
            }

            _subscriptions = [.. _subscriptions.Where(other => !IsDead(other)), subscription];
            return true;
        }
    }

    /// <summary>Ends one subscription.</summary>
    /// <returns>Whether there was one.</returns>
    public virtual bool Unsubscribe(IActorRef subscriber, Type channel) =>
        Remove(subscription => subscription.Channel == channel && subscription.Subscriber.Equals(subscriber));

    /// <summary>Ends all of an actor's subscriptions.</summary>
    /// <returns>Whether there was one.</returns>
    public virtual bool Unsubscribe(IActorRef subscriber) => Remove(subscription => subscription.Subscriber.Equals(subscriber));

    internal void Publish(object happened)
    {
        foreach (var subscription in _subscriptions)
        {
            if (subscription.Channel.IsInstanceOfType(happened) && !IsDead(subscription))
            {
                subscription.Subscriber.Tell(happened, ActorRefs.NoSender);
            }
        }
    }

    /// <summary>A dead subscriber is passed over, or its dead letters would make more dead letters.</summary>
    private static bool IsDead(Subscription subscription) => subscription.Subscriber is IInternalActorRef { IsTerminated: true };

    private bool Remove(Predicate<Subscription> which)
    {
        lock (_gate)
        {
            var left = Array.FindAll(_subscriptions, subscription => !which(subscription));
            var removed = left.Length < _subscriptions.Length;
            _subscriptions = left;
            return removed;
        }
    }

    private sealed record Subscription(IActorRef Subscriber, Type Channel);
}
