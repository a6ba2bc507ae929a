namespace Broker.Bench.Engine;

internal sealed class Ball
{
    public static readonly Ball Instance = new();
}

/// <summary>Counts what has happened, per thread: one counter for all would be what is measured.</summary>
internal sealed class Countdown(long expected)
{
    private const int CacheLine = 16;

    private readonly long[] _counts = new long[CacheLine * 64];

    public long Reached
    {
        get
        {
            var sum = 0L;
            for (var i = 0; i < _counts.Length; i += CacheLine)
            {
                sum += Volatile.Read(ref _counts[i]);
            }

            return sum;
        }
    }

    public void Count() => Interlocked.Increment(ref _counts[CacheLine * (Environment.CurrentManagedThreadId % 64)]);

    public async Task All()
    {
        while (Reached < expected)
        {
            await Task.Delay(1);
        }
    }
}

internal sealed class Idle : ReceiveActor
{
    public Idle(Countdown started)
    {
        Receive<string>(OnString);
        Receive<Uri>(OnUri);
        Receive<Ball>(OnBall);
        started.Count();
    }

    private void OnString(string message) => Sender.Tell(message);

    private void OnUri(Uri message) => Sender.Tell(message);

    private void OnBall(Ball message) => Sender.Tell(message);
}

internal sealed class Parent : ReceiveActor
{
    public Parent(Props child, int count)
    {
        for (var i = 0; i < count; i++)
        {
            Context.ActorOf(child);
        }
    }
}

internal sealed class Sink : ReceiveActor
{
    public Sink(Countdown done) => Receive<Ball>(_ => done.Count());
}

internal sealed class Echo : ReceiveActor
{
    public Echo() => Receive<Ball>(ball => Sender.Tell(ball));
}

internal sealed class Player : ReceiveActor
{
    private int _left;

    public Player(int hits, Countdown done)
    {
        _left = hits / 2;
        Receive<Ball>(ball =>
        {
            if (--_left == 0)
            {
                done.Count();
                return;
            }

            if (_left > 0)
            {
                Sender.Tell(ball, Self);
            }
        });
    }
}

internal sealed class PassOn : ReceiveActor
{
    public PassOn(IActorRef next) => Receive<Ball>(next.Forward);
}

internal sealed class Bell : ReceiveActor
{
    public Bell(SemaphoreSlim there) => Receive<Ball>(_ => there.Release());
}
