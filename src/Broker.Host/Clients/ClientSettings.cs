using System.Buffers;
using System.Text;
using System.Text.RegularExpressions;
using Broker.Actors.Settings;
using Broker.Hocon;
using Broker.Host.Identity;
using Broker.Host.Policy;
using Broker.Host.WebSockets;

namespace Broker.Host.Clients;

/// <summary>
/// What the configuration says of clients, read once. What each setting means, with its default and reason, stands in <c>hocon/reference.conf</c>.
/// </summary>
internal sealed partial record ClientSettings
{
    /// <summary>The first part of a websocket's URL, with a slash at both ends.</summary>
    public required string Path { get; init; }

    /// <summary>Where rich clients connect; empty: nowhere.</summary>
    public required string RichPath { get; init; }

    /// <summary>Of rich clients: their frames hold more than a publication, and they have pings of their own.</summary>
    public required WebSocketSettings RichWebSocket { get; init; }

    /// <summary>Of server-sent events; empty: there are none.</summary>
    public required string SsePath { get; init; }

    /// <summary>The heartbeat's bytes; null for none.</summary>
    public required ReadOnlyMemory<byte>? HeartbeatText { get; init; }

    /// <summary>The heartbeat as a frame; null for none.</summary>
    public required ReadOnlyMemory<byte>? HeartbeatFrame { get; init; }

    public required WebSocketSettings WebSocket { get; init; }

    public required TimeSpan SubscribeTimeout { get; init; }

    /// <summary>Clients are let in while Redis is away.</summary>
    public required bool AcceptWithoutRedis { get; init; }

    public required IReadOnlyList<string> Subprotocols { get; init; }

    public required AccessMode Access { get; init; }

    public required IReadOnlyList<AccessRule> Rules { get; init; }

    public required Origins Origins { get; init; }

    public required string SessionCookie { get; init; }

    public required JwtSettings Jwt { get; init; }

    public required IReadOnlyList<RawChannel> RawChannels { get; init; }

    public required int QueryWords { get; init; }

    /// <summary>Characters.</summary>
    public required int FacilityLength { get; init; }

    public required int Connections { get; init; }

    /// <summary>Reads the resolved configuration.</summary>
    /// <exception cref="HoconException">A value is missing or wrong; the message names the place and what is allowed.</exception>
    public static ClientSettings Read(HoconObject root)
    {
        var broker = root.GetObject("broker");
        var websocket = broker.GetObject("websocket");
        var heartbeat = Encoding.UTF8.GetBytes(websocket.Get("heartbeat").AsString());
        var socket = new WebSocketSettings(
            broker.Get("max-message").SizeAtLeast(1),
            websocket.Get("close-timeout").DurationAtLeast(TimeSpan.FromMilliseconds(1)),
            websocket.Get("ping-interval").DurationAtLeast(TimeSpan.FromMilliseconds(1)),
            websocket.Get("dead-after").DurationAtLeast(TimeSpan.FromMilliseconds(1)));
        return new ClientSettings
        {
            RichPath = ReadRichPath(broker.Get("rich.path")),
            RichWebSocket = socket with { MaxMessageBytes = broker.Get("limits.frame").SizeAtLeast(1) },
            Path = ReadPath(websocket.Get("path")),
            SsePath = ReadRichPath(broker.Get("rich.sse-path")),
            HeartbeatText = heartbeat.Length == 0 ? default(ReadOnlyMemory<byte>?) : heartbeat,
            HeartbeatFrame = heartbeat.Length == 0 ? default(ReadOnlyMemory<byte>?) : Frame(heartbeat),
            WebSocket = socket,
            SubscribeTimeout = websocket.Get("subscribe-timeout").Delay(),
            AcceptWithoutRedis = websocket.Get("without-redis").OneOf("accept", "refuse") == "accept",
            Subprotocols = websocket.Get("subprotocols").AsStringList(),
            Access = broker.Get("access").OneOf("default", "open", "rules") switch { "open" => AccessMode.Open, "rules" => AccessMode.Rules, _ => AccessMode.Default },
            Rules = [.. broker.Get("rules").AsList().Select(rule => new AccessRule(rule))],
            Origins = Origins.Read(broker.Get("allowed-origins")),
            SessionCookie = broker.Get("session-cookie").AsString(),
            Jwt = JwtSettings.Read(broker.GetObject("jwt")),
            RawChannels = [.. broker.Get("raw-channels").AsList().Select(RawChannel.Read)],
            QueryWords = broker.Get("limits.query-words").IntAtLeast(0),
            FacilityLength = broker.Get("limits.facility-length").IntAtLeast(0),
            Connections = broker.Get("limits.connections").IntAtLeast(0),
        };
    }

    private static byte[] Frame(byte[] heartbeat)
    {
        var frame = new ArrayBufferWriter<byte>();
        Frames.WriteMessage(frame, heartbeat);
        return frame.WrittenSpan.ToArray();
    }

    private static string ReadRichPath(HoconValue value)
    {
        var path = value.AsString();
        return path.Length == 0 || PlainPath().IsMatch(path)
            ? path
            : throw HoconChecks.Wrong(value, $"'{path}' does not begin with a slash, or holds more than letters, digits and -._~/");
    }

    private static string ReadPath(HoconValue value)
    {
        var path = value.AsString();
        return path.EndsWith('/') && PlainPath().IsMatch(path)
            ? path
            : throw HoconChecks.Wrong(value, $"'{path}' does not begin and end with a slash, or holds more than letters, digits and -._~/");
    }

    /// <summary>A path that means the same decoded and encoded, and in a route's pattern.</summary>
    [GeneratedRegex("^(/[A-Za-z0-9._~-]*)+$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant)]
    internal static partial Regex PlainPath();
}
