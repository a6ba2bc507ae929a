using System.Collections.Concurrent;

namespace Broker.Engine;

/// <summary>The dispatchers of a system, made from the configuration when first named.</summary>
internal sealed class Dispatchers
{
    public const string DefaultId = "akka.actor.default-dispatcher";

    private readonly LocalActorSystem _system;
    private readonly ConcurrentDictionary<string, Dispatcher> _dispatchers = new();

    public Dispatchers(LocalActorSystem system)
    {
        _system = system;
        Default = Lookup(DefaultId);
    }

    public Dispatcher Default { get; }

    /// <exception cref="ConfigurationException">There is no such dispatcher, or what is said of it is wrong.</exception>
    public Dispatcher Lookup(string id) => id.Length == 0 ? Default : _dispatchers.GetOrAdd(id, Make);

    private Dispatcher Make(string id)
    {
        var config = _system.Settings.Config;
        if (!config.HasPath(id))
        {
            throw new ConfigurationException($"Dispatcher [{id}] is not configured.");
        }

        var settings = config.GetConfig(id).WithFallback(config.GetConfig(DefaultId));
        var throughput = settings.GetInt("throughput");
        if (throughput < 1)
        {
            throw new ConfigurationException($"{id}.throughput is {throughput}; it must be 1 or more.");
        }

        var type = settings.GetString("type");
        return type switch
        {
            "Dispatcher" => new Dispatcher(_system, id, throughput, callerRuns: false),
            "CallerRuns" => new Dispatcher(_system, id, throughput, callerRuns: true),
            _ => throw new ConfigurationException($"{id}.type is [{type}]; known are Dispatcher and CallerRuns."),
        };
    }
}
