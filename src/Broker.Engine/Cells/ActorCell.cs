namespace Broker.Engine;

/// <summary>
/// What stands between an actor and the engine: its context, its state of life, its children and watches. One turn at a time
/// touches it; only children may be added and looked up from elsewhere.
/// </summary>
internal sealed partial class ActorCell : IActorContext
{
    [ThreadStatic]
    private static ActorCell? _current;

    private readonly LocalActorRef _self;
    private readonly Props _props;
    private ActorBase? _actor;
    private object? _message;
    private IActorRef? _sender;
    private object? _behaviors;

    public ActorCell(LocalActorRef self, Props props)
    {
        _self = self;
        _props = props;
    }

    /// <summary>The cell whose actor this thread is running.</summary>
    public static ActorCell? Current
    {
        get => _current;
        set => _current = value;
    }

    /// <summary>Who sends when no sender is given: the running actor. A test kit may put its test actor in place of nobody.</summary>
    public static IActorRef? CurrentSelf => _current?._self ?? AmbientSender?.Value;

    /// <summary>Set by a test kit only.</summary>
    public static AsyncLocal<IActorRef?>? AmbientSender { get; set; }

    public LocalActorSystem System => _self.System;

    ActorSystem IActorContext.System => _self.System;

    public IActorRef Self => _self;

    public IActorRef Sender => _sender ?? System.DeadLetters;

    public IActorRef Parent => _self.Parent;

    public Props Props => _props;

    public string PathText => _self.Path.ToString();

    public void Become(Receive receive)
    {
        ArgumentNullException.ThrowIfNull(receive);
        if (_behaviors is Stack<Receive?> stack)
        {
            stack.Pop();
            stack.Push(receive);
        }
        else
        {
            _behaviors = receive;
        }
    }

    public void BecomeStacked(Receive receive)
    {
        ArgumentNullException.ThrowIfNull(receive);
        if (_behaviors is not Stack<Receive?> stack)
        {
            stack = new Stack<Receive?>();
            stack.Push((Receive?)_behaviors);
            _behaviors = stack;
        }

        stack.Push(receive);
    }

    public void UnbecomeStacked()
    {
        if (_behaviors is Stack<Receive?> { Count: > 1 } stack)
        {
            stack.Pop();
        }
        else
        {
            _behaviors = null;
        }
    }

    public ActorSelection ActorSelection(string actorPath) => Engine.ActorSelection.From(_self, actorPath);

    public ActorSelection ActorSelection(ActorPath actorPath) => System.ActorSelection(actorPath);

    /// <summary>Handles one message from the mailbox.</summary>
    public void Receive(object message, IActorRef? sender)
    {
        _message = message;
        _sender = sender;
        try
        {
            if (_receiveTimeout is not null && message is not INotInfluenceReceiveTimeout)
            {
                _receiveTimeout.Restart();
            }

            if (message is IAutoReceived)
            {
                AutoReceive(message);
            }
            else
            {
                Handle(message);
            }
        }
        catch (Exception failure)
        {
            Fail(failure, perpetrator: _self);
        }

        _message = null;
        _sender = null;
    }

    public void ReceiveSystemMessage(SystemMessage message)
    {
        try
        {
            switch (message)
            {
                case Create:
                    OnCreate();
                    break;
                case DeathWatchNotification death:
                    OnDeath(death);
                    break;
                case Watch watch:
                    AddWatcher(watch);
                    break;
                case Unwatch unwatch:
                    RemoveWatcher(unwatch);
                    break;
                case Terminate:
                    OnTerminate();
                    break;
                case Failed failed:
                    OnChildFailed(failed);
                    break;
                case Recreate recreate:
                    OnRecreate(recreate.Cause);
                    break;
                case Suspend:
                    OnSuspend();
                    break;
                case Resume resume:
                    OnResume(resume.CausedByFailure);
                    break;
            }
        }
        catch (Exception failure)
        {
            Fail(failure, (message as Failed)?.Child ?? _self);
        }
    }

    private void Handle(object message) =>
        _actor!.Handle(message, _behaviors is Stack<Receive?> stack ? stack.Peek() : (Receive?)_behaviors);

    private void AutoReceive(object message)
    {
        switch (message)
        {
            case Terminated terminated:
                OnTerminated(terminated);
                break;
            case ActorTimer timer:
                OnTimer(timer);
                break;
            case ReceiveTimeoutWatch watch:
                OnReceiveTimeout(watch);
                break;
            case PoisonPill:
                _self.Stop();
                break;
            case Identify identify:
                Sender.Tell(new ActorIdentity(identify.MessageId, _self), _self);
                break;
            case Kill:
                throw new ActorKilledException();
        }
    }
}
