using Broker.Actors.Connections;
using Broker.Actors.Nodes;
using Broker.Host.Gateway;
using Broker.Host.Metrics;

namespace Broker.Host;

/// <summary>
/// Starts the node before the web server listens, and drains it before the web server stops: its clients are told one after the other while it still answers.
/// </summary>
internal sealed class BrokerLifetime(
    BrokerHost host, MetricsCollector metrics, GatewayClients gateway, ILoggerFactory loggers, IHostApplicationLifetime application, IServiceProvider services)
    : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var options = new BrokerOptions
        {
            LoggerFactory = loggers,
            PublishHandler = services.GetService<IPublishHandler>(),
            IsDevelopment = services.GetRequiredService<IHostEnvironment>().IsDevelopment(),
        };
        var node = await BrokerNode.StartAsync(host.Configuration, options);
        metrics.Collect(node.Metrics);
        host.Started(node);
        _ = StopWithNodeAsync(node);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        if (!host.IsStarted) return;

        var stopped = host.Node.StopAsync();
        gateway.CloseAll();
        try
        {
            await stopped.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            loggers.CreateLogger("Broker").LogError("The node has not stopped within the host's shutdown timeout; the host stops without it");
        }
    }

    /// <summary>A member that the cluster has sent away cannot come back: a new process can.</summary>
    private async Task StopWithNodeAsync(BrokerNode node)
    {
        await node.WhenEnded;
        if (node.IsDraining) return;

        loggers.CreateLogger("Broker").LogCritical("The node has ended: it is no member of the cluster any more");
        host.WasShutOut = true;
        application.StopApplication();
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
