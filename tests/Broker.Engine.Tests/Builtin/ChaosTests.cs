using System.Collections.Concurrent;
using Broker.Engine.Tests.Contract;

namespace Broker.Engine.Tests.Builtin;

/// <summary>Akka.NET leaves an actor suspended now and then: see <see cref="EscalationTests"/>.</summary>
public sealed class ChaosTests : ContractTest
{
    /// <summary>Every actor that ever was; a dead one answers too, by nobody's name.</summary>
    private readonly ConcurrentBag<IActorRef> _all = [];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Whatever_fails_wherever_no_actor_is_left_hanging(int seed)
    {
        var all = _all;
        var top = ActorOf(() => new Node(all, seed, 4));
        AwaitCondition(() => _all.Count >= 1 + 3 + 9 + 27, Patience);

        await Task.WhenAll(Enumerable.Range(0, 3).Select(thread => Task.Run(() =>
        {
            var random = new Random((seed * 100) + thread);
            for (var i = 0; i < 300; i++)
            {
                var targets = _all.ToArray();
                targets[random.Next(targets.Length)].Tell(new Boom(), ActorRefs.NoSender);
            }
        })));

        var answers = await Task.WhenAll(_all.Select(actor => actor.Ask<ActorIdentity>(new Identify(1), Patience * 2)));
        Assert.Equal(top, (await top.Ask<ActorIdentity>(new Identify(1), Patience)).Subject);
        Assert.Contains(answers, answer => answer.Subject is not null);
        await Sys.Terminate().WaitAsync(Patience * 2);
    }

    /// <summary>Has three children and deals with their failures in any way there is, a decider that throws included.</summary>
    private sealed class Node : ReceiveActor
    {
        private readonly Random _random;
        private readonly int _depth;

        public Node(ConcurrentBag<IActorRef> all, int seed, int depth)
        {
            _random = new Random(seed);
            _depth = depth;
            all.Add(Self);
            for (var child = 0; depth > 1 && child < 3; child++)
            {
                var childSeed = (seed * 7) + child;
                Context.ActorOf(Props.Create(() => new Node(all, childSeed, depth - 1)));
            }

            Receive<Exception>(failure => throw failure);
        }

        protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(failure => _random.Next(10) switch
        {
            < 3 => Directive.Restart,
            < 5 => Directive.Resume,
            // The one at the top is to live on: for a child that failed in PostRestart the guardian would stop it.
            < 7 when _depth < 4 || failure is Boom => Directive.Escalate,
            < 8 => Directive.Stop,
            _ => throw new Boom("in the decider"),
        });

        protected override void PostRestart(Exception reason)
        {
            // It ends the actor; the one at the top is to live on.
            if (_depth < 4 && _random.Next(20) == 0)
            {
                throw new Boom("in PostRestart");
            }
        }

        protected override void PreRestart(Exception reason, object? message)
        {
            // Some keep their children over the restart, which are then restarted with it.
            if (_random.Next(3) > 0)
            {
                base.PreRestart(reason, message);
            }
        }
    }
}
