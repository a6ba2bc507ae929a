namespace Broker.Actors.Rich;

/// <summary>The users of this node's rich clients: each is known as long as it has one. From any thread.</summary>
internal sealed class NodeUsers(RichLimits limits)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, NodeUser> _users = new(StringComparer.Ordinal);

    public int Count
    {
        get { lock (_gate) return _users.Count; }
    }

    /// <summary>Another client of the user, which is to <see cref="Leave"/>; null if the user has as many already as may be.</summary>
    public NodeUser? TryEnter(string name)
    {
        lock (_gate)
        {
            if (!_users.TryGetValue(name, out var user)) _users[name] = user = new NodeUser(name, limits.User);
            if (limits.UserConnections > 0 && user.Clients == limits.UserConnections) return null;

            user.Clients++;
            return user;
        }
    }

    public void Leave(NodeUser user)
    {
        lock (_gate)
        {
            if (--user.Clients == 0) _users.Remove(user.Name);
        }
    }
}

/// <summary>What all rich clients of one user on this node share: how fast they may send. From any thread.</summary>
internal sealed class NodeUser(string name, SendLimits limits)
{
    private readonly Lock _gate = new();
    private SendMeters _meters = new(limits);

    public string Name => name;

    /// <summary>How many they are: <see cref="NodeUsers"/>' own.</summary>
    public int Clients { get; set; }

    /// <summary>The limit that a command is over; null if it is over none: then it is taken.</summary>
    public RateLimit? TakeCommand(TimeSpan now)
    {
        if (limits.AreNone) return null;

        lock (_gate)
        {
            var over = _meters.OverByCommand(now);
            if (over is null) _meters.TakeCommand();
            return over;
        }
    }

    /// <summary>The limit that a publish is over; null if it is over none: then it is taken.</summary>
    public RateLimit? TakePublish(int bytes, TimeSpan now)
    {
        if (limits.AreNone) return null;

        lock (_gate)
        {
            var over = _meters.OverByPublish(bytes, now);
            if (over is null) _meters.TakePublish(bytes);
            return over;
        }
    }
}
