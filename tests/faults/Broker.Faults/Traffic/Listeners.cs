using System.Collections.Concurrent;
using System.Net.Sockets;
using Broker.Bench.Load;
using Broker.Faults.Deployments;

namespace Broker.Faults.Traffic;

/// <summary>
/// Thousands of websocket clients on one thread. Whoever loses his websocket opens a new one after a random time, on some node that takes clients, as the published clients do; each
/// websocket is noted by itself.
/// </summary>
internal sealed class Listeners : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Deployment _deployment;
    private readonly IReadOnlyList<string> _facilities;
    private readonly ConcurrentQueue<Action> _orders = new();
    private readonly PriorityQueue<int, long> _returning = new();
    private readonly List<Listener> _opened = [];
    private readonly Dictionary<int, long>[] _firstDeliveries;
    private readonly Thread _thread;
    private int _open;
    private volatile bool _stopping;

    public Listeners(Deployment deployment, IReadOnlyList<string> facilities)
    {
        (_deployment, _facilities) = (deployment, facilities);
        _firstDeliveries = [.. facilities.Select(_ => new Dictionary<int, long>())];
        _thread = new Thread(Run) { Name = "listeners", IsBackground = true };
        _thread.Start();
    }

    public EventLoop Loop { get; } = new();

    /// <summary>How many stand.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>Opens websockets, evenly on all channels and on each channel evenly on all nodes that take clients, and waits until they stand.</summary>
    public async Task AddAsync(int count)
    {
        var nodes = _deployment.Open;
        var wanted = Open + count;
        for (var i = 0; i < count; i++)
        {
            var (channel, node) = (i % _facilities.Count, nodes[i / _facilities.Count % nodes.Count]);
            _orders.Enqueue(() => Connect(channel, node));
        }

        await AreOpenAsync(wanted);
    }

    /// <summary>Until so many stand.</summary>
    public async Task AreOpenAsync(int count)
    {
        var end = Clock.Now + Clock.Of(Patience);
        while (Open < count)
        {
            if (Clock.Now > end) throw new InvalidOperationException($"only {Open} of {count} websockets stand");
            await Task.Delay(20);
        }
    }

    /// <summary>All websockets that ever stood, at one moment.</summary>
    public Task<T> LookAsync<T>(Func<IReadOnlyList<Listener>, T> look) => OrderAsync(() => look(_opened));

    /// <summary>When anybody first got each publication of a channel.</summary>
    public Task<Dictionary<int, long>> FirstDeliveriesAsync(int channel) => OrderAsync(() => new Dictionary<int, long>(_firstDeliveries[channel]));

    public void Opened(Listener listener)
    {
        _opened.Add(listener);
        _open++;
    }

    public void Delivered(Listener listener, int id) => _firstDeliveries[listener.Channel].TryAdd(id, Loop.Now);

    public void Ended(Listener listener)
    {
        if (listener.OpenedAt > 0) _open--;
        if (!_stopping && listener.CloseCode is not (>= 3500 and < 4000 or >= 4500 and < 5000)) ComeBack(listener.Channel);
    }

    public async ValueTask DisposeAsync()
    {
        _stopping = true;
        await Task.Run(_thread.Join);
        Loop.Dispose();
    }

    private Task<T> OrderAsync<T>(Func<T> order)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _orders.Enqueue(() => done.SetResult(order()));
        return done.Task.WaitAsync(Patience);
    }

    private void Run()
    {
        while (!_stopping)
        {
            // A connection at a time between the reads: those that stand are not to wait for those that come.
            if (_orders.TryDequeue(out var order)) order();
            else if (_returning.TryPeek(out var channel, out var due) && due <= Clock.Now) Return(channel);
            Loop.Turn(_orders.IsEmpty ? 5 * Clock.Millisecond : 0);
        }
    }

    private void Return(int channel)
    {
        _returning.Dequeue();
        var nodes = _deployment.Open;
        if (nodes.Count == 0) ComeBack(channel);
        else Connect(channel, nodes[Random.Shared.Next(nodes.Count)]);
    }

    private void Connect(int channel, Node node)
    {
        var address = WebSocketAddress.Parse($"ws://127.0.0.1:{node.Process.Port}/ws/{_facilities[channel]}?subscribe-broadcast&echo");
        try
        {
            _ = new Listener(this, node, channel, address);
        }
        catch (SocketException)
        {
            ComeBack(channel);
        }
    }

    private void ComeBack(int channel) => _returning.Enqueue(channel, Clock.Now + Random.Shared.NextInt64(Clock.Second / 2, 2 * Clock.Second));
}
