using Broker.Actors.Rich;

namespace Broker.Actors.Connections;

/// <summary>The users of this node, and which connections each has: known as long as it has one. Anonymous clients do not stand here. From any thread.</summary>
/// <remarks>One whose rates are limited is known until they are full again: who closes all connections and comes back gains nothing by it.</remarks>
internal sealed class NodeUsers(RichLimits limits, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, NodeUser> _users = new(StringComparer.Ordinal);
    private readonly Queue<(NodeUser User, long At)> _resting = new();

    public int Count
    {
        get { lock (_gate) return _users.Count; }
    }

    /// <summary>A connection of the user's has come, of a kind that has no limits. It is to leave.</summary>
    public void Enter(string name, ClientConnection connection)
    {
        lock (_gate) Find(name).Add(connection);
    }

    /// <summary>A rich client of the user's has come; it is to leave. Null if the user has as many already as may be.</summary>
    public NodeUser? TryEnter(string name, ClientConnection connection)
    {
        lock (_gate)
        {
            var user = Find(name);
            if (limits.UserConnections > 0 && user.Limited == limits.UserConnections) return null;

            user.Add(connection);
            user.Limited++;
            return user;
        }
    }

    public void Leave(string name, ClientConnection connection)
    {
        lock (_gate) Remove(name, connection);
    }

    public void Leave(NodeUser user, ClientConnection connection)
    {
        lock (_gate)
        {
            user.Limited--;
            Remove(user.Name, connection);
        }
    }

    public ClientConnection[] ConnectionsOf(string name)
    {
        lock (_gate) return _users.TryGetValue(name, out var user) ? user.All() : [];
    }

    private NodeUser Find(string name)
    {
        ForgetRested();
        return _users.TryGetValue(name, out var user) ? user : _users[name] = new NodeUser(name, limits.User.AreNone ? null : new SharedRates(limits.User));
    }

    private void Remove(string name, ClientConnection connection)
    {
        ForgetRested();
        if (!_users.TryGetValue(name, out var user) || !user.Remove(connection)) return;

        if (user.Rates is null) _users.Remove(name);
        else _resting.Enqueue((user, user.RestsSince = time.GetTimestamp()));
    }

    private void ForgetRested()
    {
        while (_resting.TryPeek(out var first) && time.GetElapsedTime(first.At) >= RateMeter.Rest)
        {
            _resting.Dequeue();

            // It may have come back since, and have gone again.
            if (first.User.IsEmpty && first.User.RestsSince == first.At) _users.Remove(first.User.Name);
        }
    }
}

/// <summary>One user of this node. Its connections are counted under the lock of <see cref="NodeUsers"/>.</summary>
/// <param name="rates">What its rich clients share; null where nothing limits them.</param>
internal sealed class NodeUser(string name, SharedRates? rates)
{
    private ClientConnection? _one;
    private HashSet<ClientConnection>? _others;

    public string Name => name;

    public SharedRates? Rates => rates;

    /// <summary>How many of them the limit counts.</summary>
    public int Limited { get; set; }

    public bool IsEmpty => _one is null && _others is null or { Count: 0 };

    /// <summary>When the last one went, as a time stamp.</summary>
    public long RestsSince { get; set; }

    public void Add(ClientConnection connection)
    {
        // Most users have one, and need no set.
        if (_one is null) _one = connection;
        else (_others ??= []).Add(connection);
    }

    /// <summary>True if that was the last one.</summary>
    public bool Remove(ClientConnection connection)
    {
        if (_one == connection) _one = null;
        else _others?.Remove(connection);

        return IsEmpty;
    }

    public ClientConnection[] All() => [.. _one is null ? [] : (ClientConnection[])[_one], .. _others ?? []];
}
