using Broker.Actors.Settings;
using Broker.Hocon;

namespace Broker.Host;

/// <summary>What is shown besides the clients' addresses, and how long a stop takes; read once.</summary>
/// <param name="Drain">What the node may take to stop where nothing hangs.</param>
internal sealed record HostSettings(bool ShowsPage, bool ShowsDemoLogin, bool ShowsMetrics, TimeSpan Drain)
{
    public static HostSettings Read(HoconObject root, BrokerHostOptions options, bool isDevelopment)
    {
        var broker = root.GetObject("broker");
        var pages = broker.Get("pages").OneOf("development", "on", "off");
        var showsPage = options.ServePage && (pages == "on" || (pages == "development" && isDevelopment));

        return new HostSettings(showsPage, showsPage && isDevelopment, broker.Get("metrics").AsBoolean(), ClusterSettings.DrainOf(broker));
    }
}
