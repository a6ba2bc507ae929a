using StackExchange.Redis;

namespace Broker.Actors.Redis;

/// <summary>Runs a script on Redis: text, keys, arguments.</summary>
internal delegate Task<RedisResult> RunScript(string script, RedisKey[] keys, RedisValue[] arguments);
