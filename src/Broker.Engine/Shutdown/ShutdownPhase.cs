namespace Broker.Engine;

/// <summary>One phase of a <see cref="CoordinatedShutdown"/>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DependsOn">The phases that come before it.</param>
/// <param name="Timeout">How long it may take.</param>
/// <param name="Recover">Whether the next phase follows although this one failed or timed out.</param>
/// <param name="IsEnabled">Whether its tasks run at all.</param>
internal sealed record ShutdownPhase(string Name, IReadOnlyList<string> DependsOn, TimeSpan Timeout, bool Recover, bool IsEnabled)
{
    /// <summary>The phases of a configuration, each after those that it depends on.</summary>
    /// <exception cref="ConfigurationException">They depend on each other in a circle, or on one that is not there.</exception>
    public static IReadOnlyList<ShutdownPhase> Read(Config config)
    {
        var defaultTimeout = config.GetTimeSpan("default-phase-timeout");
        var phases = config.GetConfig("phases");
        return Sort([.. phases.Keys.Select(name => Read(name, phases.GetConfig($"\"{name}\""), defaultTimeout))]);
    }

    private static ShutdownPhase Read(string name, Config config, TimeSpan defaultTimeout) => new(
        name,
        [.. config.GetStringList("depends-on")],
        config.GetTimeSpan("timeout", defaultTimeout, allowInfinite: false),
        config.GetBoolean("recover", true),
        config.GetBoolean("enabled", true));

    private static List<ShutdownPhase> Sort(List<ShutdownPhase> phases)
    {
        List<ShutdownPhase> sorted = [];
        while (phases.Count > 0)
        {
            var ready = phases.FindIndex(phase => phase.DependsOn.All(name => sorted.Exists(done => done.Name == name)));
            if (ready < 0)
            {
                throw new ConfigurationException(
                    "akka.coordinated-shutdown.phases depend on each other in a circle, or on a phase that is not there: "
                    + string.Join(", ", phases.Select(phase => $"{phase.Name} on [{string.Join(", ", phase.DependsOn)}]")));
            }

            sorted.Add(phases[ready]);
            phases.RemoveAt(ready);
        }

        return sorted;
    }
}
