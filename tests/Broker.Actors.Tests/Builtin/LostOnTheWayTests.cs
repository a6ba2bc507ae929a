using Broker.Actors.Channels;
using Broker.Actors.Nodes;
using Broker.Actors.Tests.Nodes;

namespace Broker.Actors.Tests.Builtin;

/// <summary>What cannot go to another node is logged, once and without what it holds.</summary>
[Collection(nameof(CapturedLog))]
public sealed class LostOnTheWayTests : IDisposable
{
    private static readonly Publication Large = new(ChannelName.Session("s3cret", "news"), new StreamPosition("e", 1), new byte[200_000]);

    private readonly CapturedLog _log = new();
    private readonly List<ActorSystem> _systems = [];

    public void Dispose()
    {
        foreach (var system in _systems) system.Terminate().Wait(TestNode.Soon);
        _log.Dispose();
    }

    [Theory]
    [InlineData("dot-netty.tcp.maximum-frame-size = 128000b", "maximum-frame-size")]
    [InlineData("link { queue-size = 32000b, max-back-off = 1h, min-back-off = 1h, give-up = 1h }", "queue-size")]
    public void What_is_dropped_is_logged_once_for_a_node(string setting, string named)
    {
        var here = Start(setting);
        var owner = ((ExtendedActorSystem)here).Provider.ResolveActorRef("akka.tcp://lost@127.0.0.1:1/user/owner");

        for (var i = 0; i < 10; i++) owner.Tell(new Publications([Large]), ActorRefs.NoSender);

        Assert.Equal(1, Lines(named));
        Assert.DoesNotContain("s3cret", _log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_has_no_form_between_nodes_is_logged_without_a_session_key()
    {
        var here = Start("");
        var owner = ((ExtendedActorSystem)here).Provider.ResolveActorRef("akka.tcp://lost@127.0.0.1:1/user/owner");

        owner.Tell(new Publications([Large, Large with { Channel = ChannelName.Session("s3cret", "other") }]), ActorRefs.NoSender);

        await TestNode.UntilAsync(() => Lines("more than one channel") == 1, "the log");
        Assert.DoesNotContain("s3cret", _log.Text, StringComparison.Ordinal);
    }

    private int Lines(string named) => _log.Text.Split('\n').Count(line => line.Contains(named, StringComparison.Ordinal));

    private ActorSystem Start(string setting)
    {
        var system = ActorSystem.Create(
            "lost", ConfigurationFactory.ParseString($"akka {{ actor.provider = cluster, remote {{ {setting} }} }}").WithFallback(BrokerNode.EngineConfig()));
        _systems.Add(system);
        return system;
    }
}
