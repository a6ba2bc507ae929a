using Broker.Actors.Settings;
using Broker.Hocon;

namespace Broker.Host;

/// <summary>The settings of what is HTTP around the node, read once.</summary>
internal sealed record HostSettings(string WebSocketPath, string? Heartbeat, string SessionCookie, bool ShowsPage, bool ShowsDemoLogin, bool ShowsMetrics, TimeSpan Drain)
{
    public static HostSettings Read(HoconObject root, BrokerHostOptions options, bool isDevelopment)
    {
        var broker = root.GetObject("broker");
        var heartbeat = broker.Get("websocket.heartbeat").AsString();
        var pages = broker.Get("pages").OneOf("development", "on", "off");
        var showsPage = options.ServePage && (pages == "on" || (pages == "development" && isDevelopment));

        return new HostSettings(
            broker.Get("websocket.path").AsString(),
            heartbeat.Length == 0 ? null : heartbeat,
            broker.Get("session-cookie").AsString(),
            showsPage,
            showsPage && isDevelopment,
            broker.Get("metrics").AsBoolean(),
            broker.Get("shutdown.drain").AsDuration());
    }
}
