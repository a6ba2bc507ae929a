using Broker.Actors.Nodes;
using Broker.Hocon;

namespace Broker.Host;

/// <summary>
/// The node inside an ASP.NET Core application: there from the application's start to its end. Resolve it from the services to use the in-process API.
/// </summary>
public sealed class BrokerHost(HoconObject configuration) : IAsyncDisposable, IDisposable
{
    private BrokerNode? _node;

    /// <summary>The whole configuration, resolved.</summary>
    public HoconObject Configuration { get; } = configuration;

    /// <summary>The running node.</summary>
    /// <exception cref="InvalidOperationException">The application has not started yet.</exception>
    public BrokerNode Node => _node ?? throw new InvalidOperationException("the broker starts with the application");

    internal bool IsStarted => _node is not null;

    /// <summary>The node ended by itself.</summary>
    internal bool WasShutOut { get; set; }

    /// <summary>Stops the node where the application did not: its start failed after the node's.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_node is not null) await _node.DisposeAsync();
    }

    /// <inheritdoc cref="DisposeAsync"/>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    internal void Started(BrokerNode node) => _node = node;
}
