using System.Buffers;
using Broker.Actors.Audiences;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Settings;

namespace Broker.Actors.Tests.Connections;

public sealed class ClientConnectionTests : TestKit
{
    /// <summary>An opener that gave up waiting for the actor left a connection behind for ever.</summary>
    [Fact]
    public void A_connection_that_ended_before_it_had_an_actor_ends_once_it_has()
    {
        var connection = new WireConnection(new ConnectionPlan(Caller.Anonymous, [], [], Echo: false), new NoFormat(), BrokerSettings.Read(Configuration.Default()));

        connection.Ended(1006);
        connection.StartedAs(TestActor);

        Assert.Equal(1006, ExpectMsg<TransportEnded>().Code);
    }

    private sealed class NoFormat : IWireFormat
    {
        public void Encode(Publication publication, IBufferWriter<byte> output)
        {
        }
    }
}
