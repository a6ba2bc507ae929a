namespace Broker.Engine;

/// <summary>The settings of a system.</summary>
public class Settings
{
    private static readonly Config Reference = ReadReference();

    internal Settings(ActorSystem system, Config config)
    {
        System = system;
        Config = config.WithFallback(Reference);
        AskTimeout = Config.GetTimeSpan("akka.actor.ask-timeout");
    }

    /// <summary>The system.</summary>
    public ActorSystem System { get; }

    /// <summary>All of them, over the engine's own defaults.</summary>
    public Config Config { get; }

    /// <summary>How long an Ask without a timeout of its own waits.</summary>
    public TimeSpan AskTimeout { get; }

    private static Config ReadReference()
    {
        const string name = "Broker.Engine.reference.conf";
        using var reader = new StreamReader(typeof(Settings).Assembly.GetManifestResourceStream(name)!);
        return ConfigurationFactory.Parse(reader.ReadToEnd(), name);
    }
}
