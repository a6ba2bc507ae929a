using System.Text;
using Broker.Actors.Redis;

namespace Broker.Actors.Tests.Redis;

/// <summary>Writes down what a bus tells a channel, and lets a test wait for it.</summary>
internal sealed class Recorder : IArrivals
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly object _gate = new();
    private readonly List<string> _log = [];
    private readonly List<Arrival> _arrivals = [];

    /// <summary>Everything in order: <c>subscribed</c>, <c>lost</c>, <c>refused</c>, <c>passed 3</c>, <c>mark …</c>, or a payload.</summary>
    public IReadOnlyList<string> Log
    {
        get { lock (_gate) return [.. _log]; }
    }

    public IReadOnlyList<Arrival> Arrivals
    {
        get { lock (_gate) return [.. _arrivals]; }
    }

    public IReadOnlyList<string> Payloads => [.. from arrival in Arrivals where !arrival.IsMark select Encoding.UTF8.GetString(arrival.Payload)];

    public IReadOnlyList<Mark> Marks => [.. from arrival in Arrivals where arrival.IsMark select Mark.Parse(arrival.Payload)];

    public int Calls { get; private set; }

    /// <summary>What has come so far does not count.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            _log.Clear();
            _arrivals.Clear();
            Calls = 0;
        }
    }

    void IArrivals.Subscribed() => Write("subscribed");

    void IArrivals.Passed(long ticket) => Write("passed " + ticket);

    void IArrivals.Lost() => Write("lost");

    void IArrivals.Refused(string reason) => Write("refused");

    void IArrivals.Arrived(IReadOnlyList<Arrival> arrivals)
    {
        lock (_gate)
        {
            Calls++;
            _arrivals.AddRange(arrivals);
            foreach (var (payload, isMark) in arrivals) _log.Add((isMark ? "mark " : "") + Encoding.UTF8.GetString(payload));
            Monitor.PulseAll(_gate);
        }
    }

    public Task SubscribedAsync(int times = 1) => UntilAsync(() => _log.Count(entry => entry == "subscribed") >= times);

    public Task LostAsync(int times = 1) => UntilAsync(() => _log.Count(entry => entry == "lost") >= times);

    public Task RefusedAsync(int times = 1) => UntilAsync(() => _log.Count(entry => entry == "refused") >= times);

    public Task PassedAsync(long ticket) => UntilAsync(() => _log.Contains("passed " + ticket));

    public Task PayloadsAsync(int count) => UntilAsync(() => _arrivals.Count(arrival => !arrival.IsMark) >= count);

    public Task PayloadAsync(string payload) => UntilAsync(() => _log.Contains(payload));

    public Task MarksAsync(int count) => UntilAsync(() => _arrivals.Count(arrival => arrival.IsMark) >= count);

    private Task UntilAsync(Func<bool> fact) => Task.Factory.StartNew(() => Until(fact), default, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private void Until(Func<bool> fact)
    {
        var deadline = DateTime.UtcNow + Patience;
        lock (_gate)
        {
            while (!fact())
            {
                var left = deadline - DateTime.UtcNow;
                if (left <= TimeSpan.Zero || !Monitor.Wait(_gate, left)) throw new TimeoutException("so far: " + string.Join(", ", _log.TakeLast(20)));
            }
        }
    }

    private void Write(string entry)
    {
        lock (_gate)
        {
            _log.Add(entry);
            Monitor.PulseAll(_gate);
        }
    }
}
