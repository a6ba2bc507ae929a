namespace Broker.Engine;

/// <summary>An actor that looks at its messages itself.</summary>
public abstract class UntypedActor : ActorBase
{
    /// <inheritdoc/>
    protected sealed override bool Receive(object message)
    {
        OnReceive(message);
        return true;
    }

    /// <summary>Handles one message; calls <c>Unhandled</c> for what is not its own.</summary>
    protected abstract void OnReceive(object message);

    /// <summary>Replaces how messages are handled until the next <c>Become</c> or a restart.</summary>
    protected void Become(UntypedReceive receive) => Context.Become(Wrap(receive));

    /// <summary>Like <see cref="Become(UntypedReceive)"/>, to be undone by <c>UnbecomeStacked</c>.</summary>
    protected void BecomeStacked(UntypedReceive receive) => Context.BecomeStacked(Wrap(receive));

    private static Receive Wrap(UntypedReceive receive) => message =>
    {
        receive(message);
        return true;
    };
}
