using System.Runtime.CompilerServices;

namespace Broker.Engine;

/// <summary>
/// An actor whose constructor (or the action given to <see cref="Become(Action)"/>) lists one handler per message. The first
/// that fits takes the message.
/// </summary>
public abstract class ReceiveActor : UntypedActor
{
    /// <summary>
    /// The <see cref="HandlerList"/> being written in the constructor and inside <c>Become</c>, otherwise an array of <see cref="Handler"/>: one word, since there may be
    /// millions of actors.
    /// </summary>
    private object _handlers = HandlerList.Rent();

    /// <summary>Handles messages of type <typeparamref name="T"/>.</summary>
    protected void Receive<T>(Action<T> handler, Predicate<T>? shouldHandle = null)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Add(shouldHandle is null ? new Handler(TypedHandler<T>.Instance, handler) : Guarded(shouldHandle, handler));
    }

    /// <summary>Handles messages of type <typeparamref name="T"/> for which <paramref name="shouldHandle"/> is true.</summary>
    protected void Receive<T>(Predicate<T> shouldHandle, Action<T> handler)
    {
        ArgumentNullException.ThrowIfNull(shouldHandle);
        ArgumentNullException.ThrowIfNull(handler);
        Add(Guarded(shouldHandle, handler));
    }

    /// <summary>Handles messages of type <typeparamref name="T"/> for which <paramref name="handler"/> returns true.</summary>
    protected void Receive<T>(Func<T, bool> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Add(new Handler(DecidingHandler<T>.Instance, handler));
    }

    /// <summary>Handles every message that no handler above it took. Nothing may follow.</summary>
    protected void ReceiveAny(Action<object> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Add(new Handler(TypedHandler<object>.Instance, handler));
    }

    /// <summary>Replaces the handlers by those that <paramref name="configure"/> lists.</summary>
    protected void Become(Action configure) => Context.Become(Configure(configure));

    /// <summary>Like <see cref="Become(Action)"/>, to be undone by <c>UnbecomeStacked</c>.</summary>
    protected void BecomeStacked(Action configure) => Context.BecomeStacked(Configure(configure));

    /// <inheritdoc/>
    protected sealed override void OnReceive(object message)
    {
        // No message comes while the list is open.
        if (!Handler.Handle(Unsafe.As<Handler[]>(_handlers), message))
        {
            Unhandled(message);
        }
    }

    internal override void Constructed() => _handlers = Close();

    private Receive Configure(Action configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var outer = _handlers;
        _handlers = HandlerList.Rent();
        Handler[] handlers;
        try
        {
            configure();
        }
        finally
        {
            handlers = Close();
            _handlers = outer;
        }

        return message => Handler.Handle(handlers, message);
    }

    private Handler[] Close()
    {
        var list = (HandlerList)_handlers;
        var handlers = list.ToArray();
        list.Return();
        return handlers;
    }

    private void Add(Handler handler)
    {
        if (_handlers is not HandlerList open)
        {
            throw new InvalidOperationException("Receive may only be called in the actor's constructor and inside Become.");
        }

        open.Add(handler);
    }

    private static Handler Guarded<T>(Predicate<T> shouldHandle, Action<T> handler) =>
        new(DecidingHandler<T>.Instance, (T message) =>
        {
            if (!shouldHandle(message))
            {
                return false;
            }

            handler(message);
            return true;
        });
}
