using Broker.Engine;
using Xunit.Abstractions;

namespace Broker.Testing;

/// <summary>The base of a test class: a system of its own, ended after each test.</summary>
public class TestKit : TestKitBase, IDisposable
{
    /// <summary>Where the test may write.</summary>
    protected readonly ITestOutputHelper? Output;

    private readonly bool _isOwnSystem;
    private bool _isDisposed;

    /// <summary>With that system, or one with the kit's defaults.</summary>
    public TestKit(ActorSystem? system = null, ITestOutputHelper? output = null)
        : this(system ?? ActorSystem.Create("test", DefaultConfig), isOwnSystem: system is null, output)
    {
    }

    /// <summary>With a system of that configuration over the kit's defaults.</summary>
    public TestKit(Config config, string? actorSystemName = null, ITestOutputHelper? output = null)
        : this(ActorSystem.Create(actorSystemName ?? "test", config.WithFallback(DefaultConfig)), isOwnSystem: true, output)
    {
    }

    /// <summary>With a system of that configuration over the kit's defaults.</summary>
    public TestKit(string config, ITestOutputHelper? output = null)
        : this(ConfigurationFactory.ParseString(config), null, output)
    {
    }

    private TestKit(ActorSystem system, bool isOwnSystem, ITestOutputHelper? output)
        : base(system, testActorName: null)
    {
        _isOwnSystem = isOwnSystem;
        Output = output;
        ImplicitSender.Set(TestActor);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Called after each test: ends the system.</summary>
    protected virtual void AfterAll()
    {
        if (_isOwnSystem)
        {
            Shutdown();
        }
    }

    /// <summary>Calls <see cref="AfterAll"/> once.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing && !_isDisposed)
        {
            _isDisposed = true;
            ImplicitSender.Set(null);
            AfterAll();
        }
    }
}

/// <summary>What a test tells without naming a sender comes from its test actor, as on Akka.NET.</summary>
internal static class ImplicitSender
{
    public static void Set(IActorRef? testActor)
    {
        ActorCell.AmbientSender ??= new AsyncLocal<IActorRef?>();
        ActorCell.AmbientSender.Value = testActor;
    }
}
