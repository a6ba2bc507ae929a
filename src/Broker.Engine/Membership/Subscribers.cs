namespace Broker.Engine;

/// <summary>Who wants to hear what of the cluster. The first that one hears is the state; what happens meanwhile comes after it.</summary>
internal sealed class Subscribers
{
    private readonly Lock _gate = new();
    private readonly List<(IActorRef Subscriber, Type Type)> _subscriptions = [];

    public void Add(IActorRef subscriber, Type[] types, Func<IReadOnlyList<object>> state)
    {
        lock (_gate)
        {
            _subscriptions.RemoveAll(subscription => subscription.Subscriber is IInternalActorRef { IsTerminated: true });
            foreach (var happened in state())
            {
                if (happened is ClusterEvent.CurrentClusterState || types.Any(type => type.IsInstanceOfType(happened)))
                {
                    subscriber.Tell(happened, ActorRefs.NoSender);
                }
            }

            _subscriptions.AddRange(types.Select(type => (subscriber, type)));
        }
    }

    public void Remove(IActorRef subscriber, Type? to)
    {
        lock (_gate)
        {
            _subscriptions.RemoveAll(subscription => subscription.Subscriber.Equals(subscriber) && (to is null || subscription.Type == to));
        }
    }

    public void Tell(IReadOnlyList<object> events, Action makeSo)
    {
        lock (_gate)
        {
            makeSo();
            foreach (var happened in events)
            {
                var concerned = _subscriptions.Where(subscription => subscription.Type.IsInstanceOfType(happened)).Select(subscription => subscription.Subscriber);
                foreach (var subscriber in concerned.Distinct())
                {
                    subscriber.Tell(happened, ActorRefs.NoSender);
                }
            }
        }
    }
}
