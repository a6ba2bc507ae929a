using Broker.Actors.Audiences;
using Broker.Actors.Channels;
using Broker.Actors.Redis;

namespace Broker.Actors.Publishing;

/// <summary>Which audience's last message is fetched.</summary>
public enum FetchFrom
{
    /// <summary>The first that has one: session, user, groups, broadcast.</summary>
    Any,

    /// <summary>The caller's session.</summary>
    Session,

    /// <summary>The caller's user.</summary>
    User,

    /// <summary>The caller's groups, in their order.</summary>
    Group,

    /// <summary>Everybody.</summary>
    Broadcast,
}

/// <summary>The persisted last messages, as application code reads them.</summary>
internal sealed class LastMessages(IRedisBus bus, string prefix)
{
    public async Task<byte[]?> FetchAsync(Caller caller, string facility, FetchFrom from)
    {
        foreach (var channel in Search(caller, facility, from))
        {
            var last = await bus.ReadLastAsync(new RedisKeys(channel.ToRedis(prefix)));
            if (last.Payload is { Length: > 0 } payload) return payload;
        }

        return null;
    }

    public Task<bool> RemoveAsync(ChannelName channel) => bus.RemoveLastAsync(new RedisKeys(channel.ToRedis(prefix)));

    private static IEnumerable<ChannelName> Search(Caller caller, string facility, FetchFrom from)
    {
        IEnumerable<ChannelName> channels = [];
        if (from is FetchFrom.Any or FetchFrom.Session) channels = channels.Concat(Audience.SelfSession.Channels(caller, facility));
        if (from is FetchFrom.Any or FetchFrom.User) channels = channels.Concat(Audience.SelfUser.Channels(caller, facility));
        if (from is FetchFrom.Any or FetchFrom.Group) channels = channels.Concat(Audience.SelfGroups.Channels(caller, facility));
        if (from is FetchFrom.Any or FetchFrom.Broadcast) channels = channels.Append(ChannelName.Broadcast(facility));
        return channels;
    }
}
