using System.Collections.Concurrent;

namespace Broker.Actors.Rich;

/// <summary>Counts the connections of each user on this node, for <c>limits.user-connections</c>. From any thread.</summary>
internal sealed class UserPlaces
{
    private readonly ConcurrentDictionary<string, int> _users = new(StringComparer.Ordinal);

    /// <summary>False if the user has as many already. Whoever got a place leaves it.</summary>
    public bool TryTake(string user, int limit)
    {
        if (_users.AddOrUpdate(user, 1, static (_, count) => count + 1) <= limit) return true;

        Leave(user);
        return false;
    }

    public void Leave(string user)
    {
        if (_users.AddOrUpdate(user, 0, static (_, count) => count - 1) == 0) _users.TryRemove(new(user, 0));
    }
}
