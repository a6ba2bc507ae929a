namespace Broker.Engine.Tests.Contract;

internal sealed class Boom(string message = "boom") : Exception(message);

/// <summary>Throws what it is told to; answers everything else with its count; reports its life to a witness.</summary>
internal sealed class Child : ReceiveActor
{
    private readonly IActorRef _witness;
    private int _count;

    public Child(IActorRef witness)
    {
        _witness = witness;
        Receive<Exception>(failure => throw failure);
        ReceiveAny(message => Sender.Tell((message, ++_count)));
    }

    protected override void PreStart() => _witness.Tell("PreStart");

    protected override void PostStop() => _witness.Tell("PostStop");

    protected override void PreRestart(Exception reason, object? message)
    {
        _witness.Tell($"PreRestart {reason.Message} on {(message is Exception ? "an exception" : message ?? "nothing")}");
        base.PreRestart(reason, message);
    }

    protected override void PostRestart(Exception reason)
    {
        _witness.Tell($"PostRestart {reason.Message}");
        base.PostRestart(reason);
    }
}

/// <summary>Has the children it is told to have, under a strategy.</summary>
internal sealed class Parent : ReceiveActor
{
    private readonly SupervisorStrategy _strategy;

    public Parent(SupervisorStrategy strategy)
    {
        _strategy = strategy;
        Receive<Make>(make => Sender.Tell(Context.ActorOf(make.Props, make.Name)));
        Receive<Exception>(failure => throw failure);
        ReceiveAny(message => Sender.Tell(message));
    }

    protected override SupervisorStrategy SupervisorStrategy() => _strategy;

    public static Props On(Func<Exception, Directive> decide) => Props.Create(() => new Parent(new OneForOneStrategy(decide)));

    public sealed record Make(Props Props, string? Name = null);
}
