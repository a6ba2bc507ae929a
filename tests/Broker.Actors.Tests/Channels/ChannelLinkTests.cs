using Broker.Actors.Channels;
using Broker.Actors.Nodes;

namespace Broker.Actors.Tests.Channels;

/// <summary>Two systems with the node's configuration, over a real link.</summary>
public sealed class ChannelLinkTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    private readonly ActorSystem _here = Start();
    private readonly ActorSystem _there = Start();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        await _here.Terminate();
        await _there.Terminate();
    }

    [Fact]
    public void Relays_and_owners_of_different_nodes_hear_all_that_they_are_told()
    {
        // Nothing was bound to a serializer: each of these was a dead letter.
        using var kit = new TestKit(_there);
        var relay = SeenFromHere(kit.TestActor);
        object[] messages = [.. ChannelMessageExamples.Pinned, .. ChannelMessageExamples.Odd];

        foreach (var message in messages) relay.Tell(message, ActorRefs.NoSender);

        foreach (var message in messages) Assert.Equal(ChannelMessageExamples.Fields(message), ChannelMessageExamples.Fields(kit.ReceiveOne(Patience)!));
    }

    [Fact]
    public void Within_a_node_a_message_stays_the_object_that_it_is()
    {
        using var kit = new TestKit(_here);
        var publications = new Publications([]);

        kit.TestActor.Tell(publications, ActorRefs.NoSender);

        Assert.Same(publications, kit.ReceiveOne(Patience));
    }

    private IActorRef SeenFromHere(IActorRef there) => ((ExtendedActorSystem)_here).Provider.ResolveActorRef(Serialization.SerializedActorPath(there));

    private static ActorSystem Start() => ActorSystem.Create(
        "channel-link", ConfigurationFactory.ParseString("akka { actor.provider = cluster, loglevel = OFF, stdout-loglevel = OFF }").WithFallback(BrokerNode.EngineConfig()));
}
