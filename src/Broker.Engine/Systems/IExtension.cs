namespace Broker.Engine;

/// <summary>Something that a system has one of.</summary>
public interface IExtension;

/// <summary>Makes an extension when it is first asked for.</summary>
public interface IExtensionId
{
    /// <summary>The extension's type.</summary>
    Type ExtensionType { get; }

    /// <summary>The system's one; made now if it is not there yet.</summary>
    object Apply(ActorSystem system);

    /// <summary>The system's one, null if it was never made.</summary>
    object? Get(ActorSystem system);

    /// <summary>Makes one; called by the engine, once per system.</summary>
    object CreateExtension(ExtendedActorSystem system);
}

/// <summary>Makes an extension of type <typeparamref name="T"/> when it is first asked for.</summary>
public abstract class ExtensionIdProvider<T> : IExtensionId
    where T : IExtension
{
    /// <summary>Nothing to do.</summary>
    protected ExtensionIdProvider()
    {
    }

    /// <inheritdoc/>
    public Type ExtensionType => typeof(T);

    /// <summary>The system's one; made now if it is not there yet.</summary>
    public T Apply(ActorSystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        return (T)system.RegisterExtension(this);
    }

    /// <summary>The system's one, null if it was never made.</summary>
    public T? Get(ActorSystem system)
    {
        ArgumentNullException.ThrowIfNull(system);
        return (T?)system.GetExtension(this);
    }

    /// <summary>Makes one; called by the engine, once per system.</summary>
    public abstract T CreateExtension(ExtendedActorSystem system);

    object IExtensionId.Apply(ActorSystem system) => Apply(system);

    object? IExtensionId.Get(ActorSystem system) => Get(system);

    object IExtensionId.CreateExtension(ExtendedActorSystem system) => CreateExtension(system);
}
