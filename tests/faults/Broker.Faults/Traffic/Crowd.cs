using System.Collections.Concurrent;
using System.Net.Sockets;
using Broker.Bench.Load;
using Broker.Faults.Deployments;

namespace Broker.Faults.Traffic;

/// <summary>
/// Thousands of websocket clients on one thread. Whoever loses his websocket opens a new one after a random time, on some node that takes clients, as the published clients do.
/// </summary>
/// <typeparam name="T">Who knows what he was given.</typeparam>
internal abstract class Crowd<T> : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly ConcurrentQueue<Action> _orders = new();
    private readonly PriorityQueue<Action, long> _later = new();
    private readonly List<T> _all = [];
    private readonly Thread _thread;
    private int _open;
    private volatile bool _stopping;

    protected Crowd(Deployment deployment)
    {
        Deployment = deployment;
        _thread = new Thread(Run) { Name = GetType().Name, IsBackground = true };
        _thread.Start();
    }

    public EventLoop Loop { get; } = new();

    /// <summary>How many have what they came for.</summary>
    public int Open => Volatile.Read(ref _open);

    protected Deployment Deployment { get; }

    /// <summary>Until so many are open.</summary>
    public async Task AreOpenAsync(int count)
    {
        var end = Clock.Now + Clock.Of(Patience);
        while (Open < count)
        {
            if (Clock.Now > end) throw new InvalidOperationException($"only {Open} of {count} websockets stand");
            await Task.Delay(20);
        }
    }

    /// <summary>All that ever were, at one moment.</summary>
    public Task<TResult> LookAsync<TResult>(Func<IReadOnlyList<T>, TResult> look)
    {
        var done = new TaskCompletionSource<TResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        _orders.Enqueue(() => done.SetResult(look(_all)));
        return done.Task.WaitAsync(Patience);
    }

    /// <summary>At least half a second from now, and up to one more: as the JavaScript client does it the first time.</summary>
    public void Later(Action what) => _later.Enqueue(what, Clock.Now + Random.Shared.NextInt64(Clock.Second / 2, 3 * Clock.Second / 2));

    public async ValueTask DisposeAsync()
    {
        _stopping = true;
        await Task.Run(_thread.Join);
        Loop.Dispose();
    }

    /// <summary>Opens websockets, each on its node, and waits until they are open.</summary>
    protected async Task AddAsync(IReadOnlyCollection<(Node Node, Action<Node> Open)> places)
    {
        var wanted = Open + places.Count;
        foreach (var (node, open) in places) _orders.Enqueue(() => Connect(node, open));
        await AreOpenAsync(wanted);
    }

    /// <summary>Somebody to be looked at.</summary>
    protected void Add(T one) => _all.Add(one);

    protected void HasOpened() => _open++;

    protected void HasClosed() => _open--;

    /// <summary>The server closed with a code that means: do not come back.</summary>
    protected static bool IsFinal(int? code) => code is >= 3500 and < 4000 or >= 4500 and < 5000;

    protected void ComeBack(Action<Node> open) => Later(() =>
    {
        var nodes = Deployment.Open;
        if (nodes.Count == 0) ComeBack(open);
        else Connect(nodes[Random.Shared.Next(nodes.Count)], open);
    });

    private void Run()
    {
        while (!_stopping)
        {
            // One thing at a time between the reads: those that stand are not to wait for those that come.
            var isDue = _later.TryPeek(out _, out var at) && at <= Clock.Now;
            if (_orders.TryDequeue(out var order)) order();
            else if (isDue) _later.Dequeue()();

            Loop.Turn(isDue || !_orders.IsEmpty ? 0 : 5 * Clock.Millisecond);
        }
    }

    private void Connect(Node node, Action<Node> open)
    {
        try
        {
            open(node);
        }
        catch (SocketException)
        {
            ComeBack(open);
        }
    }
}
