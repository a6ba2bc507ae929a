using System.Diagnostics;

namespace Broker.Engine;

/// <summary>
/// A thread while it runs actors. What its actors tell next waits here and runs on the same thread after the present turn:
/// waking another thread costs more than most turns do.
/// </summary>
/// <remarks>
/// That must not take parallelism away where there is something to do in parallel. Actors go to the thread pool instead
/// <list type="bullet">
/// <item>when more than <see cref="Capacity"/> of them wait here;</item>
/// <item>all but one, when several wait and this thread has been running for <see cref="Slice"/>; all, if the thread is lent;</item>
/// <item>all, after <see cref="MaxTurns"/>, so that the pool's other work gets its thread back;</item>
/// <item>all, when one turn lasts longer than <see cref="WorkerMonitor.Patience"/>: an actor that blocks must not hold up
/// those that it told, least of all the one whose answer it waits for.</item>
/// </list>
/// </remarks>
internal sealed class Worker
{
    private const int Capacity = 32;
    private const int MaxTurns = 256;

    private static readonly long Slice = Stopwatch.Frequency / 10_000; // 100 µs

    [ThreadStatic]
    private static Worker? _current;

    private readonly Lock _gate = new();
    private readonly LocalActorRef?[] _waiting = new LocalActorRef?[Capacity];
    private int _first;
    private int _count;
    private int _turns;

    /// <summary>A thread that is not the pool's and only lends itself: it runs actors of caller-runs dispatchers, no others.</summary>
    private bool _isBorrowed;

    private Worker() => WorkerMonitor.Add(this);

    public static Worker Current => _current ??= new Worker();

    /// <summary>Whether an actor's turn is further up this thread's stack.</summary>
    public bool IsRunning { get; private set; }

    public bool HasWaiting => Volatile.Read(ref _count) > 0;

    /// <summary>Counts turns; the monitor sees by it whether this thread gets on.</summary>
    public int Turns => Volatile.Read(ref _turns);

    /// <summary>What <see cref="Turns"/> was when the monitor last looked.</summary>
    public int TurnsSeen { get; set; }

    public static void HandToPool(LocalActorRef actor) => ThreadPool.UnsafeQueueUserWorkItem(actor, preferLocal: false);

    /// <summary>A turn of an actor on a thread of the pool, and of those that it tells.</summary>
    public static void Run(LocalActorRef actor) => Current.Run(actor, isBorrowed: false);

    /// <summary>The same on whatever thread this is.</summary>
    public void RunHere(LocalActorRef actor) => Run(actor, isBorrowed: true);

    /// <summary>The actor gets its turn on this thread after the present one, or on the pool.</summary>
    public void RunNext(LocalActorRef actor)
    {
        if (!TryKeep(actor))
        {
            HandToPool(actor);
        }
    }

    /// <summary>Gives all that waits here to the pool.</summary>
    public void GiveAway(int keep = 0)
    {
        while (_count > keep && TakeWaiting() is { } actor)
        {
            HandToPool(actor);
        }
    }

    private void Run(LocalActorRef actor, bool isBorrowed)
    {
        var outer = ActorCell.Current;
        var since = Stopwatch.GetTimestamp();
        var last = _turns + MaxTurns;
        _isBorrowed = isBorrowed;
        IsRunning = true;
        try
        {
            for (var next = actor; next is not null; next = TakeWaiting())
            {
                if (next.RunTurn())
                {
                    RunNext(next);
                }

                Volatile.Write(ref _turns, _turns + 1);
                MakeRoom(since, isLastTurn: _turns == last);
            }
        }
        finally
        {
            IsRunning = false;
            ActorCell.Current = outer;
            GiveAway();
        }
    }

    private void MakeRoom(long since, bool isLastTurn)
    {
        // A lent thread is to be given back soon; the pool's own may go on with one actor.
        var keep = _isBorrowed ? 0 : 1;
        if (isLastTurn)
        {
            GiveAway();
        }
        else if (_count > keep && Stopwatch.GetTimestamp() - since > Slice)
        {
            GiveAway(keep);
        }
    }

    private bool TryKeep(LocalActorRef actor)
    {
        if (_isBorrowed && !actor.Dispatcher.CallerRuns)
        {
            return false;
        }

        lock (_gate)
        {
            if (_count == Capacity)
            {
                return false;
            }

            _waiting[(_first + _count) % Capacity] = actor;
            _count++;
        }

        WorkerMonitor.Watch();
        return true;
    }

    private LocalActorRef? TakeWaiting()
    {
        if (Volatile.Read(ref _count) == 0)
        {
            return null;
        }

        lock (_gate)
        {
            if (_count == 0)
            {
                return null;
            }

            var actor = _waiting[_first];
            _waiting[_first] = null;
            _first = (_first + 1) % Capacity;
            _count--;
            return actor;
        }
    }
}
