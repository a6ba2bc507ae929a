using System.Runtime.CompilerServices;

namespace Broker.Engine;

/// <summary>
/// One line of a <see cref="ReceiveActor"/>'s table: the actor's own delegate, and the shared object that knows its message
/// type. Two words per handler and actor, whatever the number of actors.
/// </summary>
internal readonly struct Handler(HandlerKind kind, Delegate target)
{
    public HandlerKind Kind => kind;

    public static bool Handle(Handler[] handlers, object message)
    {
        foreach (ref readonly var handler in handlers.AsSpan())
        {
            if (handler.TryHandle(message))
            {
                return true;
            }
        }

        return false;
    }

    private bool TryHandle(object message) => kind.TryHandle(target, message);
}

/// <summary>What a handler's delegate takes and whether it may decline.</summary>
internal abstract class HandlerKind
{
    /// <summary>Takes whatever comes, so that nothing may follow it.</summary>
    public virtual bool TakesAll => false;

    public abstract bool TryHandle(Delegate target, object message);
}

/// <summary>An <c>Action&lt;T&gt;</c>.</summary>
internal sealed class TypedHandler<T> : HandlerKind
{
    public static readonly TypedHandler<T> Instance = new();

    public override bool TakesAll => typeof(T) == typeof(object);

    public override bool TryHandle(Delegate target, object message)
    {
        if (message is not T typed)
        {
            return false;
        }

        Unsafe.As<Action<T>>(target)(typed);
        return true;
    }
}

/// <summary>A <c>Func&lt;T, bool&gt;</c> that may decline.</summary>
internal sealed class DecidingHandler<T> : HandlerKind
{
    public static readonly DecidingHandler<T> Instance = new();

    public override bool TryHandle(Delegate target, object message) =>
        message is T typed && Unsafe.As<Func<T, bool>>(target)(typed);
}

/// <summary>A table while it is being written; one per thread serves all actors.</summary>
internal sealed class HandlerList
{
    [ThreadStatic]
    private static HandlerList? _spare;

    private readonly List<Handler> _handlers = [];

    public static HandlerList Rent()
    {
        var list = _spare ?? new HandlerList();
        _spare = null;
        return list;
    }

    public void Add(Handler handler)
    {
        if (_handlers is [.., var last] && last.Kind.TakesAll)
        {
            throw new InvalidOperationException("A handler for every message was added before: nothing after it could be reached.");
        }

        _handlers.Add(handler);
    }

    public Handler[] ToArray() => [.. _handlers];

    public void Return()
    {
        _handlers.Clear();
        _spare = this;
    }
}
