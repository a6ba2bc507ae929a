namespace Broker.Engine.Tests.Builtin;

/// <summary>What actors and messages cost in memory: deterministic enough to be asserted. What they cost in time is in bench/.</summary>
[Collection("alone")]
public sealed class FootprintTests : Contract.ContractTest
{
    [Fact]
    public async Task An_idle_actor_with_three_handlers_costs_at_most_600_bytes()
    {
        const int count = 20_000;
        // The first crowd also leaves spare envelopes behind, a bounded number for the whole process: they are no actor's, and were counted when this test ran by itself.
        var first = ActorOf(() => new Crowd());
        await first.Ask<string>(count, Patience);
        var parent = ActorOf(() => new Crowd());
        var before = GC.GetTotalMemory(forceFullCollection: true);

        await parent.Ask<string>(count, Patience);

        var bytes = (double)(GC.GetTotalMemory(forceFullCollection: true) - before) / count;
        Assert.InRange(bytes, 300, 600);
        GC.KeepAlive((first, parent));
        await Sys.Terminate(); // Forty thousand actors that stop are not to be counted by the next test.
    }

    [Fact]
    public void Telling_allocates_nothing()
    {
        const int count = 1_000_000;
        var handled = 0;
        var actor = ActorOf(() => new Counting(() => Interlocked.Increment(ref handled)));
        TellAndWait(count);

        var before = GC.GetTotalAllocatedBytes(precise: true);
        TellAndWait(count);
        var bytes = (double)(GC.GetTotalAllocatedBytes(precise: true) - before) / count;

        Assert.InRange(bytes, 0, 1);

        void TellAndWait(int messages)
        {
            var before = Volatile.Read(ref handled);
            for (var i = 0; i < messages; i++)
            {
                actor.Tell("message", ActorRefs.NoSender);
                while (i - (Volatile.Read(ref handled) - before) > 1_000)
                {
                    Thread.Yield();
                }
            }

            while (Volatile.Read(ref handled) < before + messages)
            {
                Thread.Yield();
            }
        }
    }

    [Fact]
    public async Task Stopped_actors_leave_nothing_behind()
    {
        var parent = ActorOf(() => new Crowd());
        await parent.Ask<string>(100, Patience);
        await parent.Ask<string>("stop", Patience);
        var before = GC.GetTotalMemory(forceFullCollection: true);

        for (var round = 0; round < 10; round++)
        {
            await parent.Ask<string>(1_000, Patience);
            await parent.Ask<string>("stop", Patience);
        }

        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, long.MinValue, 500_000);
        GC.KeepAlive(parent);
    }

    private sealed class Counting : ReceiveActor
    {
        public Counting(Action count) => Receive<string>(_ => count());
    }

    private sealed class Crowd : ReceiveActor
    {
        private readonly Props _member = Props.Create(() => new Member());
        private int _awaited;
        private IActorRef? _asking;

        public Crowd()
        {
            Receive<int>(count =>
            {
                (_awaited, _asking) = (count, Sender);
                for (var i = 0; i < count; i++)
                {
                    Context.ActorOf(_member).Tell("there?");
                }
            });
            Receive<string>(message => message == "stop", _ =>
            {
                var children = Context.GetChildren().ToList();
                (_awaited, _asking) = (children.Count, Sender);
                foreach (var child in children)
                {
                    Context.Stop(Context.Watch(child));
                }
            });
            Receive<string>(_ => CountDown());
            Receive<Terminated>(_ => CountDown());
        }

        private void CountDown()
        {
            if (--_awaited == 0)
            {
                _asking!.Tell("done");
                _asking = null;
            }
        }
    }

    private sealed class Member : ReceiveActor
    {
        public Member()
        {
            Receive<string>(OnString);
            Receive<Uri>(OnUri);
            Receive<Version>(OnVersion);
        }

        private void OnString(string message) => Sender.Tell("there");

        private void OnUri(Uri message) => Sender.Tell(message);

        private void OnVersion(Version message) => Sender.Tell(message);
    }
}

/// <summary>Other tests' allocations would be counted too.</summary>
[CollectionDefinition("alone", DisableParallelization = true)]
public sealed class Alone;
