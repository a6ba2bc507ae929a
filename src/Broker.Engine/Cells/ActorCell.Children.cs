namespace Broker.Engine;

/// <summary>The children.</summary>
internal sealed partial class ActorCell
{
    private Children? _children;

    /// <summary>A snapshot, safe from every thread.</summary>
    public LocalActorRef[] Children => Volatile.Read(ref _children)?.ToArray() ?? [];

    public LocalActorRef? FindChild(string name) => Volatile.Read(ref _children)?.Find(name);

    public IActorRef Child(string name) => (IActorRef?)FindChild(name) ?? ActorRefs.Nobody;

    public IEnumerable<IActorRef> GetChildren() => Children;

    public IActorRef ActorOf(Props props, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(props);
        if (name is not null && !ActorPath.IsValidPathElement(name))
        {
            throw new InvalidActorNameException(
                $"Not a valid actor name: '{name}'. It must not be empty or start with $, and may hold letters, digits, "
                + $"{ActorPath.ValidSymbols} and %HH.");
        }

        var dispatcher = System.Dispatchers.Lookup(props.Dispatcher);
        var children = Volatile.Read(ref _children) ?? Interlocked.CompareExchange(ref _children, new Children(), null) ?? _children;
        var child = children.Add(this, _self, name, props, dispatcher);
        child.SendSystemMessage(new Create());
        return child;
    }

    public void Stop(IActorRef child)
    {
        ArgumentNullException.ThrowIfNull(child);
        if (child is LocalActorRef local && ReferenceEquals(local.Parent, _self))
        {
            _children?.Condemn(local);
        }

        (child as IInternalActorRef)?.SendSystemMessage(new Terminate());
    }

    /// <summary>From now on nobody can be added, not even from another thread.</summary>
    private Children CloseChildren()
    {
        var children = Interlocked.CompareExchange(ref _children, Engine.Children.None, null) ?? Engine.Children.None;
        children.Close();
        return children;
    }

    private void StopChildren()
    {
        foreach (var child in Children)
        {
            Stop(child);
        }
    }

    private RestartCount RestartsOf(LocalActorRef child) => _children!.RestartsOf(child);

    /// <summary>A child has stopped: its name is free, and what waited for it goes on.</summary>
    private void OnChildStopped(LocalActorRef child)
    {
        var children = _children!;
        children.Remove(child);
        if (_phase == Phase.Terminating)
        {
            if (children.Count == 0)
            {
                FinishTerminate();
            }
        }
        else if (children.Dying == 0)
        {
            switch (_phase)
            {
                case Phase.Recreating:
                    FinishRecreate(_standstill!.Cause!);
                    break;
                case Phase.Creating:
                    FinishCreateAgain();
                    break;
            }
        }
    }
}
