using System.Diagnostics;
using System.Linq.Expressions;
using Broker.Engine;

namespace Broker.Testing;

/// <summary>A system with an actor in it that keeps what it is told, for a test to look at.</summary>
public abstract partial class TestKitBase : IActorRefFactory
{
    private static readonly Config Reference = ReadReference();

    private readonly TestMailbox _mailbox = new();
    private readonly TimeSpan _expectDefault;
    private readonly TimeSpan _noMessageDefault;

    private protected TestKitBase(ActorSystem system, string? testActorName)
    {
        Sys = system;
        var settings = system.Settings.Config.WithFallback(Reference);
        _expectDefault = settings.GetTimeSpan("akka.test.single-expect-default");
        _noMessageDefault = settings.GetTimeSpan("akka.test.expect-no-message-default");
        var mailbox = _mailbox;
        TestActor = ((ExtendedActorSystem)system).SystemActorOf(
            Props.Create(() => new TestActor(mailbox)), testActorName ?? $"testActor{TestMailbox.NextNumber()}");
    }

    /// <summary>The kit's settings, for systems made by a test.</summary>
    public static Config DefaultConfig => Reference;

    /// <summary>The system.</summary>
    public ActorSystem Sys { get; }

    /// <summary>The actor that keeps what it is told.</summary>
    public IActorRef TestActor { get; }

    /// <summary>The sender of the message last received.</summary>
    public IActorRef LastSender => _mailbox.LastSender ?? Sys.DeadLetters;

    /// <summary>Whether a message waits to be received.</summary>
    public bool HasMessages => _mailbox.HasMessages;

    /// <summary>Makes an actor.</summary>
    public IActorRef ActorOf(Props props) => Sys.ActorOf(props);

    /// <summary>Makes an actor.</summary>
    public IActorRef ActorOf(Props props, string? name) => Sys.ActorOf(props, name);

    /// <summary>Makes an actor.</summary>
    public IActorRef ActorOf<TActor>()
        where TActor : ActorBase, new() => Sys.ActorOf(Props.Create<TActor>());

    /// <summary>Makes an actor.</summary>
    public IActorRef ActorOf<TActor>(Expression<Func<TActor>> factory)
        where TActor : ActorBase => Sys.ActorOf(Props.Create(factory));

    /// <summary>Makes an actor.</summary>
    public IActorRef ActorOf<TActor>(Expression<Func<TActor>> factory, string? name)
        where TActor : ActorBase => Sys.ActorOf(Props.Create(factory), name);

    /// <inheritdoc/>
    public ActorSelection ActorSelection(string actorPath) => Sys.ActorSelection(actorPath);

    /// <inheritdoc/>
    public ActorSelection ActorSelection(ActorPath actorPath) => Sys.ActorSelection(actorPath);

    /// <summary>Another actor that keeps what it is told.</summary>
    public virtual TestProbe CreateTestProbe(string? name = null) => new(Sys, name);

    /// <summary>Has the test actor watch an actor.</summary>
    public IActorRef Watch(IActorRef actorToWatch)
    {
        TestActor.Tell(new TestActor.Watch(actorToWatch), ActorRefs.NoSender);
        return actorToWatch;
    }

    /// <summary>Has the test actor watch it no more.</summary>
    public IActorRef Unwatch(IActorRef actorToUnwatch)
    {
        TestActor.Tell(new TestActor.Unwatch(actorToUnwatch), ActorRefs.NoSender);
        return actorToUnwatch;
    }

    /// <summary>Passes over messages of that type for which the function is true.</summary>
    public void IgnoreMessages<TMsg>(Func<TMsg, bool> shouldIgnoreMessage) =>
        _mailbox.Ignore = message => message is TMsg typed && shouldIgnoreMessage(typed);

    /// <summary>Passes over messages of that type.</summary>
    public void IgnoreMessages<TMsg>() => _mailbox.Ignore = message => message is TMsg;

    /// <summary>Passes over nothing.</summary>
    public void IgnoreNoMessages() => _mailbox.Ignore = null;

    /// <summary>Ends the system and waits for it.</summary>
    public virtual void Shutdown(TimeSpan? duration = null, bool verifySystemShutdown = false) =>
        Shutdown(Sys, duration, verifySystemShutdown);

    /// <summary>Ends a system and waits for it.</summary>
    protected virtual void Shutdown(ActorSystem system, TimeSpan? duration = null, bool verifySystemShutdown = false)
    {
        ArgumentNullException.ThrowIfNull(system);
        var isDown = system.Terminate().Wait(duration ?? TimeSpan.FromSeconds(10));
        Xunit.Assert.True(isDown || !verifySystemShutdown, $"{system} did not stop in time.");
    }

    IActorRef IActorRefFactory.ActorOf(Props props, string? name) => Sys.ActorOf(props, name);

    private static Config ReadReference()
    {
        const string name = "Broker.TestKit.reference.conf";
        using var reader = new StreamReader(typeof(TestKitBase).Assembly.GetManifestResourceStream(name)!);
        return ConfigurationFactory.ParseString(reader.ReadToEnd());
    }

    /// <summary>Waits for what is done asynchronously; the waiting thread is a test's own.</summary>
    private static T Wait<T>(ValueTask<T> task) => task.AsTask().GetAwaiter().GetResult();

    private static void Wait(Task task) => task.GetAwaiter().GetResult();

    /// <summary>A moment in the future.</summary>
    private readonly struct Deadline(TimeSpan time)
    {
        private readonly long _start = Stopwatch.GetTimestamp();

        public TimeSpan Left => time - Stopwatch.GetElapsedTime(_start) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

        public bool IsOver => Left == TimeSpan.Zero;
    }
}
