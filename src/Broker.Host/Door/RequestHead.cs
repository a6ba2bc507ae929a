using System.Buffers;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace Broker.Host.Door;

/// <summary>
/// The head of a websocket's request, as the door takes it: plain and whole, so that it can mean one thing only. It is less than HTTP allows: whatever else there is, right or
/// wrong, is left to Kestrel, which judges it as it always did. Whoever allows more here must know what Kestrel makes of it.
/// </summary>
internal sealed class RequestHead
{
    /// <summary>Half of what Kestrel takes for a request's line alone.</summary>
    public const int MaxBytes = 4096;

    private const int MaxHeaders = 64;

    private static readonly SearchValues<byte> PathBytes = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/-._~!$&'()*+,;=:@"u8);
    private static readonly SearchValues<byte> NameBytes = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+-.^_`|~"u8);
    private static readonly SearchValues<byte> HostBytes = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._"u8);

    /// <summary>Spelled as browsers do; others are allocated.</summary>
    private static readonly string[] Names =
    [
        "Host", "Connection", "Upgrade", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol", "Origin", "Cookie",
        "User-Agent", "Pragma", "Cache-Control", "Accept", "Accept-Encoding", "Accept-Language", "Authorization", "Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP",
    ];

    private RequestHead(ReadOnlySpan<byte> target, int query, int length)
    {
        Target = Encoding.ASCII.GetString(target);
        Path = query < 0 ? Target : Target[..query];
        Query = query < 0 ? "" : Target[query..];
        Length = length;
    }

    /// <summary>As it was sent.</summary>
    public string Target { get; }

    public string Path { get; }

    /// <summary>With its question mark, or empty.</summary>
    public string Query { get; }

    public IHeaderDictionary Headers { get; } = new HeaderDictionary(10);

    /// <summary>In bytes, with the empty line. What comes after it is the websocket's.</summary>
    public int Length { get; }

    /// <summary>Null for what is not the door's.</summary>
    /// <param name="bytes">The beginning of a connection, or as much of it as has come.</param>
    /// <param name="isTaken">Whether the door is to take a path.</param>
    public static RequestHead? Read(ReadOnlySpan<byte> bytes, Func<ReadOnlySpan<byte>, bool> isTaken)
    {
        if (!bytes.StartsWith("GET /"u8)) return null;

        bytes = bytes[..Math.Min(bytes.Length, MaxBytes)];
        var end = bytes.IndexOf("\r\n\r\n"u8);
        if (end < 0) return null;

        var lines = bytes[..(end + 2)];
        if (!TryLine(ref lines, out var line) || TargetOf(line) is not { IsEmpty: false } target) return null;

        var query = target.IndexOf((byte)'?');
        var path = query < 0 ? target : target[..query];
        if (!IsPlain(path) || target.Contains((byte)'#') || !isTaken(path)) return null;

        var head = new RequestHead(target, query, end + 4);
        for (var count = 1; !lines.IsEmpty; count++)
            if (count > MaxHeaders || !TryLine(ref lines, out line) || !head.TryAdd(line)) return null;

        return head.IsUpgrade() ? head : null;
    }

    private static ReadOnlySpan<byte> TargetOf(ReadOnlySpan<byte> line)
    {
        if (!line.EndsWith(" HTTP/1.1"u8)) return default;

        var target = line["GET ".Length..^" HTTP/1.1".Length];
        return target.Contains((byte)' ') ? default : target;
    }

    /// <summary>A path that is its own decoded and normal form.</summary>
    private static bool IsPlain(ReadOnlySpan<byte> path) => !path.ContainsAnyExcept(PathBytes) && path.IndexOf("/."u8) < 0;

    /// <summary>Takes one line, which ends with CR LF and holds nothing but visible ASCII and spaces.</summary>
    private static bool TryLine(ref ReadOnlySpan<byte> lines, out ReadOnlySpan<byte> line)
    {
        var end = lines.IndexOf("\r\n"u8);
        line = lines[..end];
        lines = lines[(end + 2)..];
        return !line.ContainsAnyExceptInRange((byte)' ', (byte)'~');
    }

    private bool TryAdd(ReadOnlySpan<byte> line)
    {
        var colon = line.IndexOf((byte)':');
        if (colon <= 0 || line[..colon].ContainsAnyExcept(NameBytes)) return false;

        var name = NameOf(line[..colon]);
        var value = Encoding.ASCII.GetString(line[(colon + 1)..].Trim((byte)' '));
        Headers[name] = Headers.TryGetValue(name, out var before) ? StringValues.Concat(before, value) : value;
        return true;
    }

    private static string NameOf(ReadOnlySpan<byte> name)
    {
        foreach (var known in Names)
            if (known.Length == name.Length && Ascii.EqualsIgnoreCase(name, known)) return known;

        return Encoding.ASCII.GetString(name);
    }

    /// <summary>
    /// A request without a body that wants a websocket and nothing else: whether its connection may be kept is no question, and its host's name needs no judging.
    /// </summary>
    private bool IsUpgrade() =>
        Headers.Upgrade is [var upgrade] && "websocket".Equals(upgrade, StringComparison.OrdinalIgnoreCase)
        && Headers.Connection is [{ } connection] && IsUpgradeOnly(connection)
        && Headers.Host is [{ } host] && IsPlainHost(host)
        && !Headers.ContainsKey("Content-Length") && !Headers.ContainsKey("Transfer-Encoding") && !Headers.ContainsKey("Expect");

    private static bool IsUpgradeOnly(ReadOnlySpan<char> connection)
    {
        var wantsUpgrade = false;
        foreach (var part in connection.Split(','))
        {
            var token = connection[part].Trim(' ');
            var isUpgrade = token.Equals("upgrade", StringComparison.OrdinalIgnoreCase);
            if (!isUpgrade && !token.Equals("keep-alive", StringComparison.OrdinalIgnoreCase)) return false;

            wantsUpgrade |= isUpgrade;
        }

        return wantsUpgrade;
    }

    /// <summary>A name or an IPv4 address, with a port or without.</summary>
    private static bool IsPlainHost(string host)
    {
        var bytes = Encoding.ASCII.GetBytes(host).AsSpan();
        var colon = bytes.IndexOf((byte)':');
        var name = colon < 0 ? bytes : bytes[..colon];
        var port = colon < 0 ? "80"u8 : bytes[(colon + 1)..];
        return !name.IsEmpty && !name.ContainsAnyExcept(HostBytes) && port.Length is > 0 and <= 5 && !port.ContainsAnyExceptInRange((byte)'0', (byte)'9');
    }
}
