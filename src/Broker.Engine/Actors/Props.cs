using System.Linq.Expressions;

namespace Broker.Engine;

/// <summary>How to make an actor; kept over restarts, safe to share between actors and threads.</summary>
public class Props
{
    private readonly ActorMaker _maker;

    private Props(ActorMaker maker, SupervisorStrategy? strategy, string? dispatcher)
    {
        _maker = maker;
        SupervisorStrategy = strategy;
        Dispatcher = dispatcher ?? "";
    }

    /// <summary>The actor's type.</summary>
    public Type Type => _maker.Type;

    /// <summary>What its constructor is given.</summary>
    public object?[] Arguments => _maker.Arguments;

    /// <summary>The dispatcher's path in the configuration, empty for the default one.</summary>
    public string Dispatcher { get; }

    /// <summary>How the actor deals with failures of its children, in place of its own strategy.</summary>
    public SupervisorStrategy? SupervisorStrategy { get; }

    /// <summary>An actor made as <paramref name="factory"/>, a <c>new</c> expression, says. Arguments are evaluated now, once.</summary>
    public static Props Create<TActor>(Expression<Func<TActor>> factory, SupervisorStrategy? supervisorStrategy = null)
        where TActor : ActorBase
    {
        ArgumentNullException.ThrowIfNull(factory);
        return new Props(ActorMaker.From(factory), supervisorStrategy, dispatcher: null);
    }

    /// <summary>An actor made by the constructor that takes these arguments.</summary>
    public static Props Create<TActor>(params object?[] args)
        where TActor : ActorBase => Create(typeof(TActor), args);

    /// <summary>An actor made by the constructor that takes these arguments.</summary>
    public static Props Create(Type type, params object?[] args)
    {
        ArgumentNullException.ThrowIfNull(type);
        return new Props(ActorMaker.From(type, args ?? []), strategy: null, dispatcher: null);
    }

    /// <summary>An actor made by a producer, for example out of a container.</summary>
    public static Props CreateBy(IIndirectActorProducer producer, params object?[] args)
    {
        ArgumentNullException.ThrowIfNull(producer);
        return new Props(ActorMaker.From(producer, args ?? []), strategy: null, dispatcher: null);
    }

    /// <summary>The same, run by the dispatcher at that path of the configuration.</summary>
    public Props WithDispatcher(string dispatcher) => new(_maker, SupervisorStrategy, dispatcher);

    /// <summary>The same, with another strategy for failures of its children.</summary>
    public Props WithSupervisorStrategy(SupervisorStrategy supervisorStrategy) => new(_maker, supervisorStrategy, Dispatcher);

    internal ActorBase Make() => _maker.Make();

    internal void Release(ActorBase actor) => _maker.Release(actor);
}

/// <summary>Makes the instances of an actor and takes them back.</summary>
public interface IIndirectActorProducer
{
    /// <summary>The type of the actors made.</summary>
    Type ActorType { get; }

    /// <summary>Makes a new instance; called for the first start and for each restart.</summary>
    ActorBase Produce();

    /// <summary>Takes an instance back that is used no more.</summary>
    void Release(ActorBase actor);
}
