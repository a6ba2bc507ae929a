namespace Broker.Actors.Redis;

/// <summary>
/// Collects what came in one go and makes of it one <see cref="IArrivals.Arrived"/> per channel, in order with the other calls of that channel.
/// </summary>
internal sealed class Deliveries(Action<Subscription, Exception> failed)
{
    private const int MaxPooled = 256;

    private readonly List<Call> _calls = [];
    private readonly Stack<List<Arrival>> _pool = new();
    private int _round;

    private enum Kind { Arrived, Subscribed, Passed, Lost, Refused }

    public bool IsEmpty => _calls.Count == 0;

    public void Arrived(Subscription to, Arrival arrival)
    {
        var (deliveries, round, index) = to.OpenCall;
        if (deliveries == this && round == _round)
        {
            _calls[index].Arrivals!.Add(arrival);
            return;
        }

        var list = _pool.Count > 0 ? _pool.Pop() : [];
        list.Add(arrival);
        to.OpenCall = (this, _round, _calls.Count);
        _calls.Add(new Call(to, Kind.Arrived, list, 0, null));
    }

    public void Subscribed(Subscription to) => Add(to, Kind.Subscribed);

    public void Passed(Subscription to, long ticket) => Add(to, Kind.Passed, ticket);

    public void Lost(Subscription to) => Add(to, Kind.Lost);

    public void Refused(Subscription to, string reason) => Add(to, Kind.Refused, reason: reason);

    /// <summary>Calls the subscribers. To be called without a lock, and by one thread at a time; nothing is added meanwhile.</summary>
    public void Run()
    {
        foreach (var call in _calls)
        {
            Run(call);
            Return(call.Arrivals);
        }

        _calls.Clear();
        _round++;
    }

    private void Add(Subscription to, Kind kind, long ticket = 0, string? reason = null)
    {
        to.OpenCall = default;
        _calls.Add(new Call(to, kind, null, ticket, reason));
    }

    private void Run(in Call call)
    {
        if (call.To.Ended) return;

        try
        {
            switch (call.Kind)
            {
                case Kind.Arrived: call.To.Arrivals.Arrived(call.Arrivals!.ToArray()); break;
                case Kind.Subscribed: call.To.Arrivals.Subscribed(); break;
                case Kind.Passed: call.To.Arrivals.Passed(call.Ticket); break;
                case Kind.Lost: call.To.Arrivals.Lost(); break;
                case Kind.Refused: call.To.Arrivals.Refused(call.Reason!); break;
            }
        }
        catch (Exception problem)
        {
            failed(call.To, problem); // A bug of this subscriber: the others get theirs all the same.
        }
    }

    private void Return(List<Arrival>? list)
    {
        if (list is null || list.Capacity > MaxPooled || _pool.Count >= MaxPooled) return;

        list.Clear();
        _pool.Push(list);
    }

    private readonly record struct Call(Subscription To, Kind Kind, List<Arrival>? Arrivals, long Ticket, string? Reason);
}
