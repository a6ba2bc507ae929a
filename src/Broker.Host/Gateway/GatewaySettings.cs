using Broker.Actors.Settings;
using Broker.Hocon;

namespace Broker.Host.Gateway;

/// <summary>What the command gateway lets through: <c>broker.redis-commands</c>, read once.</summary>
internal sealed class GatewaySettings
{
    private readonly HashSet<RedisCommand> _commands;
    private readonly Glob[] _keys;

    private GatewaySettings(HoconObject gateway)
    {
        Path = ReadPath(gateway.Get("path"));
        MaxRequest = gateway.Get("max-request").SizeAtLeast(1);
        MaxReply = gateway.Get("max-reply").SizeAtLeast(256);
        Rate = gateway.Get("rate").IntAtLeast(1);
        _commands = [.. gateway.Get("commands").AsList().Select(ReadCommand)];
        _keys = [.. gateway.Get("keys").AsStringList().Select(pattern => new Glob(pattern))];
    }

    /// <summary>Null: there is no gateway.</summary>
    public string? Path { get; }

    /// <summary>Bytes.</summary>
    public int MaxRequest { get; }

    /// <summary>Bytes.</summary>
    public int MaxReply { get; }

    /// <summary>Requests a second of one client.</summary>
    public int Rate { get; }

    /// <exception cref="HoconException">A value is wrong, or a command cannot be allowed.</exception>
    public static GatewaySettings Read(HoconObject root) => new(root.GetObject("broker.redis-commands"));

    /// <summary>Null if the command may pass, otherwise what the client is told.</summary>
    public string? Refuse(string name, IReadOnlyList<string> arguments)
    {
        if (RedisCommand.Find(name) is not { } command || !_commands.Contains(command)) return "this command is not allowed";
        if (command.KeysIn(arguments) is not { } keys) return "too few arguments";

        return keys.All(key => _keys.Any(pattern => pattern.Fits(key))) ? null : "this key is not allowed";
    }

    private static string? ReadPath(HoconValue value)
    {
        var path = value.AsString();
        if (path.Length == 0) return null;

        return path.StartsWith('/') && path.Length > 1 && path.All(c => char.IsAsciiLetterOrDigit(c) || "/-._~".Contains(c))
            ? path
            : throw HoconChecks.Wrong(value, $"'{path}' is no path such as /redis");
    }

    private static RedisCommand ReadCommand(HoconValue value)
    {
        var name = value.AsString();
        return RedisCommand.Find(name) ?? throw HoconChecks.Wrong(value, $"'{name}' cannot be allowed; possible: {string.Join(' ', RedisCommand.Names)}");
    }
}
