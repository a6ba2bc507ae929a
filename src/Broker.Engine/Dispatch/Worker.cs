using System.Diagnostics;

namespace Broker.Engine;

/// <summary>
/// A thread while it runs actors. What its actors tell next waits here and runs on the same thread after the present turn: waking
/// another thread costs more than most turns do.
/// </summary>
/// <remarks>
/// That must not take parallelism away where there is something to do in parallel. Actors go to the <see cref="RunQueue"/>, where
/// other threads find them,
/// <list type="bullet">
/// <item>when more than <see cref="Capacity"/> of them wait here;</item>
/// <item>all but one, when several have been waiting for <see cref="Slice"/>; all, if the thread is lent;</item>
/// <item>all, after <see cref="MaxTurns"/>, so that the pool's other work gets its thread back;</item>
/// <item>all, when one turn lasts longer than <see cref="WorkerMonitor.Patience"/>: an actor that blocks must not hold up
/// those that it told, least of all the one whose answer it waits for.</item>
/// </list>
/// </remarks>
internal sealed class Worker
{
    private const int Capacity = 32;
    private const int MaxTurns = 256;

    private const int NotPumping = 0;
    private const int Pumping = 1;
    private const int Replaced = 2;

    private static readonly long Slice = Stopwatch.Frequency / 10_000; // 100 µs

    [ThreadStatic]
    private static Worker? _current;

    private readonly Lock _gate = new();
    private readonly LocalActorRef?[] _waiting = new LocalActorRef?[Capacity];
    private int _first;
    private int _count;
    private int _turns;
    private int _pump;

    /// <summary>Since when more wait here than should for long.</summary>
    private long? _crowdedSince;

    /// <summary>A thread that is not the pool's and only lends itself: it runs actors of caller-runs dispatchers, no others.</summary>
    private bool _isLent;

    private Worker() => WorkerMonitor.Add(this);

    public static Worker Current => _current ??= new Worker();

    /// <summary>Whether an actor's turn is further up this thread's stack.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>The thread has more to do at once than this one Tell: it runs no actor there and then. Set by the thread itself.</summary>
    public bool IsHurried { get; set; }

    public bool IsPumping => Volatile.Read(ref _pump) == Pumping;

    public bool HasWaiting => Volatile.Read(ref _count) > 0;

    /// <summary>Counts turns; the monitor sees by it whether this thread gets on.</summary>
    public int Turns => Volatile.Read(ref _turns);

    /// <summary>What <see cref="Turns"/> was when the monitor last looked.</summary>
    public int TurnsSeen { get; set; }

    /// <summary>Runs what waits here and in the <see cref="RunQueue"/>, on a thread of the pool.</summary>
    public void Pump()
    {
        Volatile.Write(ref _pump, Pumping);
        var hasMore = Run(first: null, isLent: false);
        if (Interlocked.Exchange(ref _pump, NotPumping) == Replaced)
        {
            return;
        }

        if (hasMore)
        {
            RunQueue.GoOnLater();
        }
        else
        {
            RunQueue.Leave();
        }
    }

    /// <summary>Runs an actor, and those of caller-runs dispatchers that it tells, on whatever thread this is.</summary>
    public void RunHere(LocalActorRef actor) => Run(actor, isLent: true);

    /// <summary>The actor gets its turn on this thread after the present one, or on another.</summary>
    public void RunNext(LocalActorRef actor)
    {
        if (!TryKeep(actor))
        {
            RunQueue.Add(actor);
        }
    }

    /// <summary>This thread is stuck in a turn: what waits behind it goes elsewhere, and another pump takes its place.</summary>
    public void Replace()
    {
        GiveAway();
        if (!RunQueue.IsEmpty && Interlocked.CompareExchange(ref _pump, Replaced, Pumping) == Pumping)
        {
            RunQueue.Leave();
        }
    }

    /// <returns>Whether it ended only because its time was over.</returns>
    private bool Run(LocalActorRef? first, bool isLent)
    {
        var outer = ActorCell.Current;
        _isLent = isLent;
        _crowdedSince = null;
        IsRunning = true;
        try
        {
            var actor = first;
            for (var turns = 0; turns < MaxTurns; turns++)
            {
                actor ??= Next();
                if (actor is null)
                {
                    return false;
                }

                if (actor.RunTurn())
                {
                    RunNext(actor);
                }

                Volatile.Write(ref _turns, _turns + 1);
                MakeRoom();
                actor = null;
            }

            return true;
        }
        finally
        {
            IsRunning = false;
            ActorCell.Current = outer;
            GiveAway();
        }
    }

    /// <summary>A thread that is lent, or was replaced, takes no more than what waits here.</summary>
    private LocalActorRef? Next() => TakeWaiting() ?? (IsPumping ? RunQueue.Take() : null);

    private void MakeRoom()
    {
        // A lent thread is to be given back soon; the pool's own may keep one actor for itself.
        var keep = _isLent ? 0 : 1;
        if (_count <= keep)
        {
            _crowdedSince = null;
            return;
        }

        var now = Stopwatch.GetTimestamp();
        _crowdedSince ??= now;
        if (now - _crowdedSince > Slice)
        {
            GiveAway(keep);
            _crowdedSince = null;
        }
    }

    private void GiveAway(int keep = 0)
    {
        while (Volatile.Read(ref _count) > keep && TakeWaiting() is { } actor)
        {
            RunQueue.Add(actor);
        }
    }

    private bool TryKeep(LocalActorRef actor)
    {
        if (_isLent && !actor.Dispatcher.CallerRuns)
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
