using Broker.Hocon;

namespace Broker.Engine;

/// <summary>Reads settings.</summary>
public class ConfigurationFactory
{
    private ConfigurationFactory()
    {
    }

    /// <summary>No settings.</summary>
    public static Config Empty => Config.Empty;

    /// <summary>Reads a text of HOCON; substitutions are of the text itself and of the environment.</summary>
    /// <exception cref="HoconException">It is not HOCON; says where.</exception>
    public static Config ParseString(string hocon) => Parse(hocon, "text");

    internal static Config Parse(string hocon, string name) => new(HoconDocument.Parse(hocon, name).Resolve(), fallback: null);
}
