using Broker.Actors.Settings;
using Broker.Hocon;

namespace Broker.Host.Api;

/// <summary><c>broker.limits.api</c> and what else bounds a request of the server API.</summary>
/// <param name="Body">Bytes.</param>
/// <param name="Commands">In a batch.</param>
/// <param name="Channels">Of one broadcast.</param>
/// <param name="ListedClients">The most that one request for connections is given.</param>
/// <param name="ListedChannels">The most that one request for channels is given.</param>
/// <param name="FacilityLength">Characters.</param>
internal sealed record ApiSettings(int Body, int Commands, int Channels, int ListedClients, int ListedChannels, int FacilityLength)
{
    /// <exception cref="HoconException">A value is wrong.</exception>
    public static ApiSettings Read(HoconObject root)
    {
        var limits = root.GetObject("broker.limits");
        return new ApiSettings(
            limits.Get("api.body").SizeAtLeast(1024),
            limits.Get("api.commands").IntAtLeast(1),
            limits.Get("api.channels").IntAtLeast(1),
            limits.Get("api.listed-clients").IntAtLeast(1),
            limits.Get("api.listed-channels").IntAtLeast(1),
            limits.Get("facility-length").IntAtLeast(0));
    }
}
