using System.Globalization;
using System.Runtime;
using Broker.Bench.Servers;

namespace Broker.Bench.Engine;

/// <summary>
/// What the actor engine costs. Uses the common API only, so the same scenarios run on Akka.NET: build with -p:ActorEngine=akka.
/// Each figure is the median of <see cref="Rounds"/> rounds after one that warms up.
/// </summary>
internal static class EngineBench
{
    private const int Rounds = 5;

    private static readonly (string Name, Func<ActorSystem, Task<Figure>> Run)[] Scenarios =
    [
        ("idle ReceiveActor, three handlers", IdleBytes),
        ("tells, one sender, 10,000 actors", OneSender),
        ("  allocated per tell", BytesPerTell),
        ("tells, two senders, one actor", TwoSenders),
        ("ping-pong of two actors", PingPong),
        ("1,000 pairs of ping-pong", ManyPairs),
        ("ask and answer, one after another", Asks),
        ("tell to an idle actor and back, default dispatcher", Wakeups),
        ("start an actor", Starts),
        ("stop an actor", Stops),
        ("hand-over of 1 to 1,000 outboxes: direct", system => HandOver.Direct(system, 1)),
        ("hand-over of 1 to 1,000 outboxes: a tell each", system => HandOver.TellEach(system, 1)),
        ("hand-over of 64 to 1,000 outboxes: direct", system => HandOver.Direct(system, 64)),
        ("hand-over of 64 to 1,000 outboxes: a tell for all", system => HandOver.TellBatch(system, 64)),
        ("hand-over of 64 to 1,000 outboxes: a tell each", system => HandOver.TellEach(system, 64)),
        ("publications, 1 for a node: bytes beside the payload", system => WireBench.Size(system, 1)),
        ("publications, 1 for a node: to bytes", system => WireBench.Write(system, 1)),
        ("publications, 1 for a node: from bytes", system => WireBench.Read(system, 1)),
        ("publications, 100 for a node: bytes beside payloads", system => WireBench.Size(system, 100)),
        ("publications, 100 for a node: to bytes", system => WireBench.Write(system, 100)),
        ("publications, 100 for a node: from bytes", system => WireBench.Read(system, 100)),
        ("presence: 100,000 come to one channel", PresenceBench.Come),
        ("presence: 100,000 are read", PresenceBench.Read),
        ("presence: 100,000 are counted", PresenceBench.Stats),
        ("presence: 100,000 go", PresenceBench.Go),
    ];

    public static async Task<int> Run(string[] options)
    {
        var only = options.FirstOrDefault();
        Console.WriteLine($"{Environment.ProcessorCount} cores, .NET {Environment.Version}, engine {typeof(ActorSystem).Namespace}, "
            + $"{(GCSettings.IsServerGC ? "server" : "workstation")} GC");
        foreach (var (name, run) in Scenarios)
        {
            if (only is not null && !name.Contains(only, StringComparison.OrdinalIgnoreCase))
            {
                continue;
            }

            var figures = new List<Figure>();
            for (var round = 0; round <= Rounds; round++)
            {
                var system = ActorSystem.Create("bench", ConfigurationFactory.ParseString("akka.loglevel = WARNING"));
                var figure = await run(system);
                await system.Terminate();
                if (round > 0)
                {
                    figures.Add(figure);
                }
            }

            Print(name, figures);
        }

        return 0;
    }

    private static void Print(string name, List<Figure> figures)
    {
        var values = figures.Select(figure => figure.Value).Order().ToArray();
        var cpu = figures.Select(figure => figure.CpuNanoseconds).Order().ElementAt(Rounds / 2);
        var cpuText = double.IsNaN(cpu) ? "" : string.Create(CultureInfo.InvariantCulture, $"{cpu:N0} ns CPU");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{name,-52} {values[Rounds / 2],12:N0} {figures[0].Unit,-6} {cpuText,15}  ({values[0]:N0} .. {values[^1]:N0})"));
    }

    private static async Task<Figure> IdleBytes(ActorSystem system)
    {
        const int count = 100_000;
        var done = new Countdown(count);
        var props = Props.Create(() => new Idle(done));
        var before = CollectedHeap.Look().Bytes;
        var parent = system.ActorOf(Props.Create(() => new Parent(props, count)));
        await done.All();
        var bytes = CollectedHeap.Look().Bytes - before;
        GC.KeepAlive(parent);
        return new Figure((double)bytes / count, "bytes");
    }

    private static async Task<Figure> OneSender(ActorSystem system)
    {
        const int messages = 10_000_000;
        var (actors, done) = Sinks(system, 10_000, messages);
        var clock = new Clock();
        await OnOwnThread(() => TellAll(actors, messages, done));
        await done.All();
        return clock.Rate(messages);
    }

    private static async Task<Figure> BytesPerTell(ActorSystem system)
    {
        const int warmUp = 2_000_000, messages = 5_000_000;
        var (actors, done) = Sinks(system, 10_000, warmUp + messages);
        TellAll(actors, warmUp, done);
        while (done.Reached < warmUp)
        {
            await Task.Yield();
        }

        var before = GC.GetTotalAllocatedBytes(precise: true);
        TellAll(actors, messages, done);
        await done.All();
        return new Figure((double)(GC.GetTotalAllocatedBytes(precise: true) - before) / messages, "bytes");
    }

    private static async Task<Figure> TwoSenders(ActorSystem system)
    {
        const int messages = 10_000_000;
        var (actors, done) = Sinks(system, 1, messages);
        var clock = new Clock();
        await Task.WhenAll(
            OnOwnThread(() => TellAll(actors, messages / 2, done)),
            OnOwnThread(() => TellAll(actors, messages / 2, done)));
        await done.All();
        return clock.Rate(messages);
    }

    private static Task<Figure> PingPong(ActorSystem system) => Pairs(system, 1, 3_000_000);

    private static Task<Figure> ManyPairs(ActorSystem system) => Pairs(system, 1_000, 5_000);

    private static async Task<Figure> Pairs(ActorSystem system, int pairs, int each)
    {
        var done = new Countdown(pairs);
        var players = Enumerable.Range(0, 2 * pairs).Select(_ => system.ActorOf(Props.Create(() => new Player(each, done)))).ToArray();
        var clock = new Clock();
        for (var i = 0; i < pairs; i++)
        {
            players[2 * i].Tell(Ball.Instance, players[(2 * i) + 1]);
        }

        await done.All();
        return clock.Rate(pairs * each);
    }

    private static async Task<Figure> Asks(ActorSystem system)
    {
        const int asks = 100_000;
        var echo = system.ActorOf(Props.Create(() => new Echo()));
        var clock = new Clock();
        for (var i = 0; i < asks; i++)
        {
            await echo.Ask<Ball>(Ball.Instance);
        }

        return clock.Rate(asks);
    }

    /// <summary>A thread that is not the engine's tells an idle actor, which tells another, and waits until that one was there.</summary>
    private static Task<Figure> Wakeups(ActorSystem system)
    {
        const int rounds = 20_000;
        using var there = new SemaphoreSlim(0);
        var last = system.ActorOf(Props.Create(() => new Bell(there)));
        var first = system.ActorOf(Props.Create(() => new PassOn(last)));
        var clock = new Clock();
        for (var i = 0; i < rounds; i++)
        {
            first.Tell(Ball.Instance, ActorRefs.NoSender);
            there.Wait();
        }

        return Task.FromResult(clock.Rate(rounds));
    }

    private static async Task<Figure> Starts(ActorSystem system)
    {
        const int count = 200_000;
        var done = new Countdown(count);
        var props = Props.Create(() => new Idle(done));
        var clock = new Clock();
        system.ActorOf(Props.Create(() => new Parent(props, count)));
        await done.All();
        return clock.Rate(count);
    }

    private static async Task<Figure> Stops(ActorSystem system)
    {
        const int count = 200_000;
        var done = new Countdown(count);
        var props = Props.Create(() => new Idle(done));
        system.ActorOf(Props.Create(() => new Parent(props, count)));
        await done.All();
        var clock = new Clock();
        await system.Terminate();
        return clock.Rate(count);
    }

    private static (IActorRef[] Actors, Countdown Done) Sinks(ActorSystem system, int count, int messages)
    {
        var done = new Countdown(messages);
        return ([.. Enumerable.Range(0, count).Select(_ => system.ActorOf(Props.Create(() => new Sink(done))))], done);
    }

    /// <summary>Stays at most 50,000 messages ahead: it is the rate of a steady flow that is measured, not that of a heap.</summary>
    private static void TellAll(IActorRef[] actors, int messages, Countdown done)
    {
        var next = 0;
        var told = done.Reached;
        for (var i = 0; i < messages; i++)
        {
            actors[next].Tell(Ball.Instance, ActorRefs.NoSender);
            next = next + 1 == actors.Length ? 0 : next + 1;
            if (++told % 1_000 == 0)
            {
                while (told - done.Reached > 50_000)
                {
                    Thread.Sleep(1);
                }
            }
        }
    }

    /// <summary>A sender that is not the pool's: it takes no thread away from the actors.</summary>
    private static Task OnOwnThread(Action send) => Task.Factory.StartNew(send, TaskCreationOptions.LongRunning);
}
