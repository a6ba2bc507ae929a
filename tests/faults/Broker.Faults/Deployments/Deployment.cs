using System.Globalization;
using Broker.Host.Tests.Server;
using Broker.Testing.Redis;

namespace Broker.Faults.Deployments;

/// <summary>Owns the nodes that share one Redis: starts them, kills them, stops them, replaces them.</summary>
/// <param name="redis">As Broker's settings take it.</param>
/// <param name="settings">What goes into <c>broker { … }</c> of every node.</param>
/// <param name="forwarded">A forwarder stands before the link port of every node.</param>
internal sealed class Deployment(string redis, string settings, bool forwarded) : IAsyncDisposable
{
    /// <summary>What the nodes prove to each other.</summary>
    public const string Secret = "the secret of the fault tests, long enough";

    // Two addresses of the same interface, so that a node may be found at the forwarder's and listen behind it, on the same port.
    private const string Behind = "127.0.0.1";
    private const string Before = "127.0.0.2";

    private readonly List<Node> _nodes = [];

    /// <summary>All that ever were, in the order of their start.</summary>
    public IReadOnlyList<Node> Nodes
    {
        get { lock (_nodes) return [.. _nodes]; }
    }

    /// <summary>Those that take clients.</summary>
    public IReadOnlyList<Node> Open => [.. Nodes.Where(node => node.IsOpen)];

    public async Task<Node> StartNodeAsync()
    {
        var linkPort = RedisServer.FreePort();
        var host = forwarded ? Before : Behind;
        var forwarder = forwarded ? Forwarder.Start(Before, Behind, linkPort) : null;
        var process = await ServerProcess.StartAsync(
            $"broker {{ access = open, cluster.bind-host = \"{Behind}\", {settings} }}",
            ("BROKER_REDIS", redis),
            ("BROKER_CLUSTER", "on"),
            ("BROKER_CLUSTER_HOST", host),
            ("BROKER_CLUSTER_PORT", linkPort.ToString(CultureInfo.InvariantCulture)),
            ("BROKER_CLUSTER_SECRET", Secret),
            ("ASPNETCORE_ENVIRONMENT", "Production"));

        lock (_nodes)
        {
            var node = new Node(_nodes.Count + 1, process, linkPort, forwarder);
            _nodes.Add(node);
            return node;
        }
    }

    public static void Kill(Node node)
    {
        node.IsOpen = false;
        node.Process.Signal("-KILL");
    }

    /// <summary>It keeps its connections and does nothing.</summary>
    public static void Pause(Node node) => node.Process.Signal("-STOP");

    public static void Resume(Node node) => node.Process.Signal("-CONT");

    /// <summary>As a deploy ends it; waits until it has gone by itself.</summary>
    /// <returns>Its exit code.</returns>
    public static async Task<int> StopAsync(Node node)
    {
        node.IsOpen = false;
        node.Process.Signal("-TERM");
        return await node.Process.EndsAsync();
    }

    /// <summary>Writes down what the nodes logged.</summary>
    /// <returns>The folder.</returns>
    public string SaveLogs()
    {
        var folder = Directory.CreateTempSubdirectory("broker-faults-").FullName;
        foreach (var node in Nodes) File.WriteAllText(Path.Combine(folder, $"node-{node.Number}.log"), node.Log);
        return folder;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in Nodes) await node.DisposeAsync();
    }
}
