using System.Collections.Concurrent;

namespace Broker.Engine;

/// <summary>The one kind of system there is.</summary>
internal sealed class LocalActorSystem : ExtendedActorSystem
{
    private readonly ConcurrentDictionary<Type, Lazy<object>> _extensions = new();
    private readonly TaskCompletionSource _terminated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Stack<Action> _onTermination = new();
    private readonly Lazy<Serialization> _serialization;
    private readonly LocalActorRef _root;
    private readonly LocalActorRef _user;
    private readonly LocalActorRef _system;
    private long _lastUid = Random.Shared.NextInt64(1, long.MaxValue / 2);
    private long _lastTemporary;

    public LocalActorSystem(string name, Config config)
    {
        if (!name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') || name[0] is '-' or '_')
        {
            throw new ArgumentException(
                $"Not a valid name of an actor system: '{name}'. It may hold letters, digits, and after the first of these - and _.",
                nameof(name));
        }

        Name = name;
        Address = new Address("akka", name);
        Settings = new Settings(this, config);
        Log = new Log(Settings.Config, name);
        Wheel = new TimerWheel(failure => Log.Error("A scheduled task failed", failure));
        EventStream = new EventStream();
        DeadLetterMailbox = new DeadLetters(this, new RootActorPath(Address).Child("deadLetters"));
        Dispatchers = new Dispatchers(this);
        Provider = new ActorRefProvider(this);
        _serialization = new Lazy<Serialization>(() => new Serialization(this));
        Links = Settings.Config.GetString("akka.actor.provider") switch
        {
            "local" => null,
            "cluster" => new Links(this, LinkSettings.Read(Settings.Config)),
            var other => throw new ConfigurationException($"akka.actor.provider is [{other}]; known are local and cluster."),
        };

        _root = Guardians.Root(this, OnRootTerminated);
        _system = (LocalActorRef)_root.Cell!.ActorOf(Guardians.Below, "system");
        _user = (LocalActorRef)_root.Cell!.ActorOf(Guardians.Below, "user");
        _root.Tell(new Guardians.Begin(_user, _system), ActorRefs.NoSender);
        CoordinatedShutdown.Get(this);
        Links?.Start();
    }

    public override string Name { get; }

    public override Settings Settings { get; }

    public override IScheduler Scheduler => Wheel;

    public override EventStream EventStream { get; }

    public override IActorRef DeadLetters => DeadLetterMailbox;

    public override Serialization Serialization => _serialization.Value;

    public override IActorRefProvider Provider { get; }

    public override Task WhenTerminated => _terminated.Task;

    public Address Address { get; }

    public Log Log { get; }

    public TimerWheel Wheel { get; }

    public DeadLetters DeadLetterMailbox { get; }

    public Dispatchers Dispatchers { get; }

    public LocalActorRef Root => _root;

    /// <summary>The links to other nodes; null without <c>akka.actor.provider = cluster</c>.</summary>
    public Links? Links { get; }

    /// <summary>Those that wait for an answer and have told somebody their path, by their names.</summary>
    public ConcurrentDictionary<string, IActorRef> Temporaries { get; } = new();

    public long NextUid() => Interlocked.Increment(ref _lastUid);

    /// <summary>A name for something that waits for an actor without being one.</summary>
    public ActorPath NextTemporaryPath() =>
        new ChildActorPath(new RootActorPath(Address).Child("temp"), $"${Interlocked.Increment(ref _lastTemporary)}", 0);

    public override IActorRef ActorOf(Props props, string? name = null) => CellOf(_user).ActorOf(props, name);

    public override IActorRef SystemActorOf(Props props, string? name = null) => CellOf(_system).ActorOf(props, name);

    public override ActorSelection ActorSelection(string actorPath) => Engine.ActorSelection.From(_root, actorPath, relativeTo: _user);

    public override ActorSelection ActorSelection(ActorPath actorPath)
    {
        ArgumentNullException.ThrowIfNull(actorPath);
        return ActorSelection(actorPath.ToString());
    }

    public override void Stop(IActorRef actor)
    {
        ArgumentNullException.ThrowIfNull(actor);
        (actor as IInternalActorRef)?.SendSystemMessage(new Terminate());
    }

    public override Task Terminate()
    {
        if (Settings.Config.GetBoolean("akka.coordinated-shutdown.run-by-actor-system-terminate"))
        {
            CoordinatedShutdown.Get(this).Run(CoordinatedShutdown.ActorSystemTerminated);
        }
        else
        {
            StopAll();
        }

        return WhenTerminated;
    }

    /// <summary>Stops the application's actors, then the system's.</summary>
    public void StopAll() => _user.Stop();

    public override void Abort()
    {
        Links?.Dispose();
        _root.Stop();
    }

    public override void RegisterOnTermination(Action code)
    {
        ArgumentNullException.ThrowIfNull(code);
        lock (_onTermination)
        {
            if (!WhenTerminated.IsCompleted)
            {
                _onTermination.Push(code);
                return;
            }
        }

        code();
    }

    public override object RegisterExtension(IExtensionId extension)
    {
        ArgumentNullException.ThrowIfNull(extension);
        return _extensions.GetOrAdd(extension.ExtensionType, _ => new Lazy<object>(() => extension.CreateExtension(this))).Value;
    }

    public override object? GetExtension(IExtensionId extensionId)
    {
        ArgumentNullException.ThrowIfNull(extensionId);
        return _extensions.TryGetValue(extensionId.ExtensionType, out var extension) ? extension.Value : null;
    }

    public override T? GetExtension<T>()
        where T : class => _extensions.TryGetValue(typeof(T), out var extension) ? (T)extension.Value : null;

    public override bool HasExtension<T>() => _extensions.ContainsKey(typeof(T));

    public override string ToString() => $"{Address}";

    private static ActorCell CellOf(LocalActorRef guardian) =>
        guardian.Cell ?? throw new InvalidOperationException("The actor system has been terminated: it makes no more actors.");

    private void OnRootTerminated()
    {
        Wheel.Dispose();
        Links?.Dispose();
        Action[] actions;
        lock (_onTermination)
        {
            actions = [.. _onTermination];
            _onTermination.Clear();
            _terminated.TrySetResult();
        }

        foreach (var action in actions)
        {
            try
            {
                action();
            }
            catch (Exception failure)
            {
                Log.Error("An action registered for termination failed", failure);
            }
        }
    }
}
