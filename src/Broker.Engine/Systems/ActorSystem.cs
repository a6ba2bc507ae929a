namespace Broker.Engine;

/// <summary>A tree of actors, with what they share: configuration, dispatchers, clock, dead letters.</summary>
public abstract class ActorSystem : IActorRefFactory, IDisposable
{
    private protected ActorSystem()
    {
    }

    /// <summary>The system's name, part of its actors' paths.</summary>
    public abstract string Name { get; }

    /// <summary>Its settings.</summary>
    public abstract Settings Settings { get; }

    /// <summary>Its clock.</summary>
    public abstract IScheduler Scheduler { get; }

    /// <summary>Where dead letters and unhandled messages are published.</summary>
    public abstract EventStream EventStream { get; }

    /// <summary>Makes bytes of messages for other nodes.</summary>
    public abstract Serialization Serialization { get; }

    /// <summary>Takes messages and publishes them as dead letters.</summary>
    public abstract IActorRef DeadLetters { get; }

    /// <summary>Completes when all actors have stopped.</summary>
    public abstract Task WhenTerminated { get; }

    /// <summary>Starts a system with the engine's defaults.</summary>
    /// <exception cref="ArgumentException">The name is not made of letters, digits, dashes and underscores.</exception>
    public static ActorSystem Create(string name) => Create(name, Config.Empty);

    /// <summary>Starts a system.</summary>
    /// <exception cref="ArgumentException">The name is not made of letters, digits, dashes and underscores.</exception>
    public static ActorSystem Create(string name, Config config)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(config);
        return new LocalActorSystem(name, config);
    }

    /// <inheritdoc/>
    public abstract IActorRef ActorOf(Props props, string? name = null);

    /// <inheritdoc/>
    public abstract ActorSelection ActorSelection(string actorPath);

    /// <inheritdoc/>
    public abstract ActorSelection ActorSelection(ActorPath actorPath);

    /// <summary>Stops an actor after the message that it is handling.</summary>
    public abstract void Stop(IActorRef actor);

    /// <summary>Runs <see cref="CoordinatedShutdown"/>, which ends with all actors stopped.</summary>
    /// <returns><see cref="WhenTerminated"/>.</returns>
    public abstract Task Terminate();

    /// <summary>Has an action run after all actors have stopped; the last registered first.</summary>
    public abstract void RegisterOnTermination(Action code);

    /// <summary>The system's one of these extensions; made now if it is not there yet.</summary>
    public abstract object RegisterExtension(IExtensionId extension);

    /// <summary>The system's one of these extensions, null if it was never made.</summary>
    public abstract object? GetExtension(IExtensionId extensionId);

    /// <summary>The system's one of these extensions, null if it was never made.</summary>
    public abstract T? GetExtension<T>()
        where T : class, IExtension;

    /// <summary>Whether an extension was made.</summary>
    public abstract bool HasExtension<T>()
        where T : class, IExtension;

    /// <summary>Terminates, without waiting for it.</summary>
    public void Dispose()
    {
        _ = Terminate();
        GC.SuppressFinalize(this);
    }
}

/// <summary>What extensions see of a system.</summary>
public abstract class ExtendedActorSystem : ActorSystem
{
    private protected ExtendedActorSystem()
    {
    }

    /// <summary>Finds references by their paths.</summary>
    public abstract IActorRefProvider Provider { get; }

    /// <summary>Makes an actor that stops only after all of the application's have.</summary>
    public abstract IActorRef SystemActorOf(Props props, string? name = null);

    /// <summary>Stops all actors at once, without leaving the cluster: to the other nodes it is as if the process had died.</summary>
    public abstract void Abort();
}
