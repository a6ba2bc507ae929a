using Broker.Actors.Settings;
using Broker.Hocon;
using Broker.Host.Clients;

namespace Broker.Host.Tests.Clients;

internal static class WrongSetting
{
    /// <summary>The settings of the clients' side cannot be read, and the error begins with the place where they are wrong. What it says.</summary>
    public static string At(string place, string settings)
    {
        var configuration = Configuration.Parse(settings);

        var error = Assert.Throws<HoconException>(() => ClientSettings.Read(configuration));

        Assert.StartsWith(place, error.Message, StringComparison.Ordinal);
        return error.Message;
    }
}
