using System.Text.Json;
using Broker.Actors.Audiences;
using Broker.Actors.Channels;
using Broker.Actors.Redis;

namespace Broker.Actors.Sessions;

/// <summary>
/// Session records in Redis, written at log-in: the session cookie alone then yields user and groups, and no database is asked. The key is hashed in the
/// record's name: who can list Redis's keys does not get sessions from these.
/// </summary>
public sealed class SessionStore
{
    private readonly IRedisBus _bus;
    private readonly string _prefix;

    internal SessionStore(IRedisBus bus, string prefix)
    {
        _bus = bus;
        _prefix = prefix;
    }

    /// <summary>Records who the holder of a session key is.</summary>
    /// <exception cref="RedisUnavailableException">Redis does not answer.</exception>
    public Task SignInAsync(string sessionKey, string user, IReadOnlyList<string> groups, TimeSpan expires) =>
        _bus.SetAsync(KeyOf(ChannelName.HashOf(sessionKey)), JsonSerializer.SerializeToUtf8Bytes(new Record(1, user, groups)), expires);

    /// <summary>Forgets it. True if there was a record.</summary>
    /// <exception cref="RedisUnavailableException">Redis does not answer.</exception>
    public Task<bool> SignOutAsync(string sessionKey) => RemoveAsync(ChannelName.HashOf(sessionKey));

    /// <summary>Who holds the key: with a record its user and groups, without one only the session itself.</summary>
    /// <exception cref="RedisUnavailableException">Redis does not answer.</exception>
    public async Task<Caller> FindAsync(string sessionKey)
    {
        var bytes = await _bus.GetAsync(KeyOf(ChannelName.HashOf(sessionKey)));
        var record = bytes is null ? null : JsonSerializer.Deserialize<Record>(bytes);
        return new Caller(record?.User, record?.Groups ?? [], sessionKey);
    }

    /// <summary>The same, where only the key's hash is known.</summary>
    internal Task<bool> RemoveAsync(string hash) => _bus.RemoveAsync(KeyOf(hash));

    private string KeyOf(string hash) => (_prefix.Length == 0 ? "" : _prefix + ":") + "broker:session:" + hash;

    private sealed record Record(int Version, string User, IReadOnlyList<string> Groups);
}
