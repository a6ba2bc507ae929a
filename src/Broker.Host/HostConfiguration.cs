using System.Reflection;
using Broker.Actors.Settings;
using Broker.Hocon;

namespace Broker.Host;

/// <summary>Puts the layers of a host's configuration together: text over file over demo over reference.</summary>
internal static class HostConfiguration
{
    /// <exception cref="HoconException">A file cannot be read, or a setting is wrong or unknown.</exception>
    public static HoconObject Load(BrokerHostOptions options)
    {
        var document = HoconDocument.Parse(options.Configuration ?? "", "configuration");
        if (FileOf(options) is { } file) document = document.WithFallback(HoconDocument.Load(file));
        if (options.Demo) document = document.WithFallback(Demo());

        var configuration = Configuration.Over(document);
        BrokerSettings.Read(configuration);
        return configuration;
    }

    private static string? FileOf(BrokerHostOptions options)
    {
        var file = options.ConfigurationFile ?? Environment.GetEnvironmentVariable("BROKER_CONFIG");
        return string.IsNullOrWhiteSpace(file) ? null : file;
    }

    private static HoconDocument Demo()
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream("demo.conf")!;
        using var reader = new StreamReader(stream);
        return HoconDocument.Parse(reader.ReadToEnd(), "demo.conf");
    }
}
