using System.Runtime.Serialization;
using System.Text;
using Broker.Actors.Channels;
using Broker.Actors.Nodes;
using Google.Protobuf;
using Known = Broker.Actors.Tests.Channels.ChannelMessageExamples;
using Wire = Broker.Actors.Channels.Wire;

namespace Broker.Actors.Tests.Channels;

/// <summary>What relays and channel owners say to each other from node to node, on the engine that runs here.</summary>
public sealed class ChannelSerializerTests : IAsyncLifetime
{
    private readonly ActorSystem _system = ActorSystem.Create("wire", BrokerNode.EngineConfig());

    public static TheoryData<string> Kinds => new(Known.Pinned.Select(message => message.GetType().Name));

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _system.Terminate();

    [Fact]
    public void Every_message_comes_back_with_every_field()
    {
        foreach (var message in Known.Pinned.Concat(Known.Odd)) Assert.Equal(Known.Fields(message), Known.Fields(ThereAndBack(message)));
    }

    [Fact]
    public void Every_message_that_goes_from_node_to_node_is_tried_here()
    {
        var kinds = typeof(IChannelMessage).Assembly.GetTypes()
            .Where(type => !type.IsInterface && (typeof(IChannelMessage).IsAssignableFrom(type) || typeof(IChannelAnswer).IsAssignableFrom(type)));

        Assert.Equal(kinds.Select(kind => kind.Name).Order(), Known.Pinned.Select(message => message.GetType().Name).Order());
    }

    [Theory]
    [InlineData("Attach", "A", "0a0808011a046e65777312027231180322060a0265311007")]
    [InlineData("Attached", "a", "0a060a0265311007100118e807")]
    [InlineData("Detach", "D", "0a0d08021203616e6e1a046e65777312027231")]
    [InlineData("Detached", "d", "0a0f0803120573746166661a046e657773")]
    [InlineData("PublishBatch", "B", "0a0808011a046e65777312027231180322120a020102120269641a026d65203c280130012200")]
    [InlineData("BatchPublished", "b", "080312090a026531120307ac0212070a026532120101")]
    [InlineData("BatchRefused", "r", "080310011801")]
    [InlineData("BatchReturned", "t", "0804")]
    [InlineData("Publications", "P", "0a0808011a046e657773121a0a02653112100807120201021a02696422026d65280112020808120b0a02653212050801120103")]
    [InlineData("Standing", "S", "0a060a0265311007")]
    [InlineData("ReadMissed", "M", "0a0d080412036b65791a046e65777310051a060a0265311007")]
    [InlineData("Missed", "m", "080510011a060a0265311007220808011a046e6577732a0b0a026531120508071201013001")]
    [InlineData("ReadLast", "L", "0a0708051a03613a621005")]
    [InlineData("LastRead", "l", "0805120201021a02696422060a0265311007")]
    [InlineData("ReportPresence", "R", "0a0808011a046e657773120272311a026e31200328013001380140014a140a100a0263311203616e6e1a01012202020310014a120a100a0263311203616e6e1a010122020203")]
    [InlineData("PresenceTaken", "k", "0803")]
    [InlineData("MembersChange", "c", "0a140a100a0263311203616e6e1a0101220202031001")]
    [InlineData("ReadMembers", "G", "0a0808011a046e65777312026c31180520ac02")]
    [InlineData("MembersPage", "g", "0a026c31100518ac0222100a0263311203616e6e1a0101220202032801")]
    [InlineData("CountMembers", "N", "0a0808011a046e657773")]
    [InlineData("MembersCount", "n", "08ac021002")]
    [InlineData("MembersUnknown", "u", "")]
    public void The_bytes_of_a_message_stay_what_they_are(string kind, string manifest, string bytes)
    {
        // Other nodes may be of another version: a change here must leave these bytes readable, and these the same. Add lines, change none.
        var message = Known.Of(kind);
        var serializer = _system.Serialization.FindSerializerFor(message);

        Assert.Equal((1100, manifest), (serializer.Identifier, Serialization.ManifestFor(serializer, message)));
        Assert.Equal(bytes, Convert.ToHexStringLower(serializer.ToBinary(message)));
        Assert.Equal(Known.Fields(message), Known.Fields(_system.Serialization.Deserialize(Convert.FromHexString(bytes), 1100, manifest)));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_a_later_version_adds_to_a_message_is_passed_over(string kind)
    {
        var message = Known.Of(kind);
        var (bytes, manifest) = Bytes(message);
        var added = new Wire.Attach { Relay = "something new" }.ToByteArray().Select((part, i) => i == 0 ? (byte)(15 << 3 | 2) : part);

        Assert.Equal(Known.Fields(message), Known.Fields(_system.Serialization.Deserialize([.. bytes, .. added], 1100, manifest)));
    }

    [Fact]
    public void A_message_that_is_not_known_is_refused_by_its_manifest()
    {
        var refusal = Assert.Throws<SerializationException>(() => _system.Serialization.Deserialize([], 1100, "Z9"));

        Assert.Contains("[Z9]", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_is_no_message_is_refused(string kind)
    {
        var (bytes, manifest) = Bytes(Known.Of(kind));
        var random = new Random(1);

        for (var i = 0; i < 2000; i++)
        {
            var garbage = bytes[..random.Next(bytes.Length)];
            for (var changes = random.Next(4); changes > 0 && garbage.Length > 0; changes--) garbage[random.Next(garbage.Length)] = (byte)random.Next(256);

            var failure = Record.Exception(() => _system.Serialization.Deserialize(garbage, 1100, manifest));

            Assert.True(failure is null or SerializationException, $"{Convert.ToHexString(garbage)}: {failure}");
        }
    }

    [Fact]
    public void A_channel_of_a_kind_that_is_not_known_is_refused()
    {
        var bytes = new Wire.Detached { Channel = new Wire.Channel { Kind = (Wire.Kind)77, Owner = "s3cret", Facility = "news" } }.ToByteArray();

        var refusal = Assert.Throws<SerializationException>(() => _system.Serialization.Deserialize(bytes, 1100, "d"));

        Assert.Contains("kind 77", refusal.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", refusal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_session_key_stands_in_no_refusal()
    {
        var named = new Wire.Channel { Kind = Wire.Kind.Session, Owner = "s3cret:", Facility = "s3cret" };
        var (bytes, manifest) = Bytes(new Detach(ChannelName.Session("s3cret", "s3cret"), "r1"));
        var mixed = new Publications(
            [new Publication(ChannelName.Session("s3cret", "a"), new StreamPosition("e1", 7), Array.Empty<byte>()), new Publication(ChannelName.Session("s3cret", "b"), new StreamPosition("e1", 7), Array.Empty<byte>())]);

        Exception[] refusals =
        [
            Assert.Throws<SerializationException>(() => _system.Serialization.Deserialize(new Wire.Detached { Channel = named }.ToByteArray(), 1100, "d")),
            Assert.Throws<SerializationException>(() => _system.Serialization.Deserialize(bytes[..^5], 1100, manifest)),
            Assert.Throws<SerializationException>(() => { Bytes(mixed); }),
        ];

        Assert.All(refusals, refusal => Assert.DoesNotContain("s3cret", refusal.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void Many_publications_name_their_channel_and_epoch_once()
    {
        var channel = ChannelName.Session("a-session-key", "a-facility");
        var publications = Enumerable.Range(1, 100).Select(i => new Publication(channel, new StreamPosition("an-epoch", i), new byte[] { 1 })).ToList();

        var text = Encoding.UTF8.GetString(Bytes(new Publications(publications)).Bytes);

        foreach (var once in new[] { "a-session-key", "a-facility", "an-epoch" })
            Assert.Equal(text.IndexOf(once, StringComparison.Ordinal), text.LastIndexOf(once, StringComparison.Ordinal));
    }

    private (byte[] Bytes, string Manifest) Bytes(object message)
    {
        var serializer = _system.Serialization.FindSerializerFor(message);
        return (serializer.ToBinary(message), Serialization.ManifestFor(serializer, message));
    }

    private object ThereAndBack(object message)
    {
        var (bytes, manifest) = Bytes(message);
        return _system.Serialization.Deserialize(bytes, 1100, manifest);
    }
}
