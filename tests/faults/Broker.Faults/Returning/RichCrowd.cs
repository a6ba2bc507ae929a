using System.Collections.Concurrent;
using System.Net.Sockets;
using Broker.Bench.Load;
using Broker.Faults.Deployments;

namespace Broker.Faults.Returning;

/// <summary>Thousands of rich clients on one thread, who come back with their position when they lose their websocket, after a random time, as the published clients do.</summary>
internal sealed class RichCrowd : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly Deployment _deployment;
    private readonly ConcurrentQueue<Action> _orders = new();
    private readonly PriorityQueue<RichClient, long> _returning = new();
    private readonly List<RichClient> _clients = [];
    private readonly ConcurrentDictionary<string, int> _ends = new();
    private readonly Thread _thread;
    private volatile bool _stopping;

    public RichCrowd(Deployment deployment)
    {
        _deployment = deployment;
        _thread = new Thread(Run) { Name = "rich clients", IsBackground = true };
        _thread.Start();
    }

    public EventLoop Loop { get; } = new();

    /// <summary>Why websockets ended and commands were refused, and how often.</summary>
    public string Ends => string.Join(", ", _ends.OrderByDescending(end => end.Value).Select(end => $"{end.Value} {end.Key}"));

    /// <summary>Opens clients of a channel on a node, and waits until they are subscribed.</summary>
    public async Task AddAsync(IEnumerable<(int Channel, string Name, Node Node)> places)
    {
        foreach (var (channel, name, node) in places)
        {
            _orders.Enqueue(() =>
            {
                var client = new RichClient(channel, name);
                _clients.Add(client);
                Connect(client, node);
            });
        }

        await AreSubscribedAsync();
    }

    public async Task AreSubscribedAsync()
    {
        var end = Clock.Now + Clock.Of(Patience);
        while (await LookAsync(clients => clients.Count(client => client.SubscribedAt == 0)) is > 0 and var missing)
        {
            if (Clock.Now > end) throw new InvalidOperationException($"{missing} clients are not subscribed; {Ends}");
            await Task.Delay(50);
        }
    }

    public Task<T> LookAsync<T>(Func<IReadOnlyList<RichClient>, T> look)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _orders.Enqueue(() => done.SetResult(look(_clients)));
        return done.Task.WaitAsync(Patience);
    }

    public void Ended(RichClient client, string why, int? code)
    {
        client.SubscribedAt = 0;
        _ends.AddOrUpdate(why, 1, static (_, count) => count + 1);
        if (_stopping) return;
        if (code is >= 3500 and < 4000 or >= 4500 and < 5000) client.Problems.Add(why);
        else ComeBack(client);
    }

    /// <summary>A command was refused. What is temporary is tried again with a new websocket.</summary>
    public void Refused(RichClient client, string error)
    {
        _ends.AddOrUpdate(error, 1, static (_, count) => count + 1);
        if (!error.Contains("temporary", StringComparison.Ordinal)) client.Problems.Add(error);
    }

    public async ValueTask DisposeAsync()
    {
        _stopping = true;
        await Task.Run(_thread.Join);
        Loop.Dispose();
    }

    private void Run()
    {
        while (!_stopping)
        {
            // A connection at a time between the reads: those that stand are not to wait for those that come.
            if (_orders.TryDequeue(out var order)) order();
            else if (_returning.TryPeek(out var client, out var due) && due <= Clock.Now) Return(client);
            Loop.Turn(_orders.IsEmpty ? 5 * Clock.Millisecond : 0);
        }
    }

    private void Return(RichClient client)
    {
        _returning.Dequeue();
        var nodes = _deployment.Open;
        if (nodes.Count == 0) ComeBack(client);
        else Connect(client, nodes[Random.Shared.Next(nodes.Count)]);
    }

    private void Connect(RichClient client, Node node)
    {
        try
        {
            _ = new RichSocket(this, client, node, WebSocketAddress.Parse($"ws://127.0.0.1:{node.Process.Port}/connection/websocket"));
        }
        catch (SocketException)
        {
            ComeBack(client);
        }
    }

    /// <summary>As the JavaScript client does it the first time: at least half a second, and up to one more.</summary>
    private void ComeBack(RichClient client) => _returning.Enqueue(client, Clock.Now + Random.Shared.NextInt64(Clock.Second / 2, 3 * Clock.Second / 2));
}
