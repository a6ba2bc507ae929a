using Broker.Actors.Connections;
using Broker.Actors.Redis;
using Broker.Actors.Settings;
using Microsoft.Extensions.Logging;

namespace Broker.Actors.Nodes;

/// <summary>What a node takes from its surroundings; everything else is configuration.</summary>
public sealed record BrokerOptions
{
    /// <summary>Where it logs; nowhere by default.</summary>
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>Sees client publishes before they are taken.</summary>
    public IPublishHandler? PublishHandler { get; init; }

    /// <summary>What some settings are by default depends on it.</summary>
    public bool IsDevelopment { get; init; }

    /// <summary>The clock of deadlines; the system's by default.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>How it comes to its Redis; for tests.</summary>
    internal Func<BrokerSettings, ILogger, TimeProvider, Task<IRedisBus>> OpenBus { get; init; } = RedisBuses.OpenAsync;
}
