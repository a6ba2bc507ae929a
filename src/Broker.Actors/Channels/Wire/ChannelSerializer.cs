using System.Runtime.Serialization;
using Google.Protobuf;

namespace Broker.Actors.Channels.Wire;

/// <summary>
/// Makes bytes of what relays and channel owners of different nodes say to each other, and back: <c>channel.proto</c>. Bound in reference.conf. Its exceptions hold nothing of a
/// message: they are logged, and a channel's name may be a credential.
/// </summary>
internal sealed class ChannelSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    public override int Identifier => 1100;

    // A message whose meaning must change gets another manifest; nodes that know only the old one then say so.
    public override string Manifest(object o) => o switch
    {
        Channels.Attach => "A",
        Channels.Attached => "a",
        Channels.Detach => "D",
        Channels.Detached => "d",
        Channels.PublishBatch => "B",
        Channels.BatchPublished => "b",
        Channels.BatchRefused => "r",
        Channels.BatchReturned => "t",
        Channels.Publications => "P",
        Channels.Standing => "S",
        Channels.ReadMissed => "M",
        Channels.Missed => "m",
        Channels.ReadLast => "L",
        Channels.LastRead => "l",
        Presence.ReportPresence => "R",
        Presence.PresenceTaken => "k",
        Presence.MembersChange => "c",
        Presence.ReadMembers => "G",
        Presence.MembersPage => "g",
        Presence.CountMembers => "N",
        Presence.MembersCount => "n",
        Presence.MembersUnknown => "u",
        _ => throw NotOurs(o),
    };

    public override byte[] ToBinary(object obj) => Encode(obj).ToByteArray();

    public override object FromBinary(byte[] bytes, string manifest)
    {
        try
        {
            return Decode(bytes, manifest);
        }
        catch (InvalidProtocolBufferException broken)
        {
            throw new SerializationException($"What came as the channel message [{manifest}] is none: {broken.Message}");
        }
    }

    private static IMessage Encode(object message) => message switch
    {
        Channels.Attach attach => new Attach
        {
            Channel = attach.Channel.ToWire(),
            Relay = attach.Relay,
            NextBatch = attach.NextBatch,
            Delivered = attach.Delivered.ToWire(),
        },
        Channels.Attached attached => new Attached { Position = attached.Position.ToWire(), Ready = attached.Ready, HistorySize = attached.HistorySize },
        Channels.Detach detach => new Detach { Channel = detach.Channel.ToWire(), Relay = detach.Relay },
        Channels.Detached detached => new Detached { Channel = detached.Channel.ToWire() },
        Channels.PublishBatch batch => new PublishBatch
        {
            Channel = batch.Channel.ToWire(),
            Relay = batch.Relay,
            Number = batch.Number,
            Publications = { batch.Publications.Select(WireForm.ToWire) },
        },
        Channels.BatchPublished published => new BatchPublished { Number = published.Number, Positions = { published.Positions.ToWire() } },
        Channels.BatchRefused refused => new BatchRefused { Number = refused.Number, MayRepeat = refused.MayRepeat, MayBePublished = refused.MayBePublished },
        Channels.BatchReturned returned => new BatchReturned { Number = returned.Number },
        Channels.Publications publications => new Publications { Channel = publications.Items.Channel(), Runs = { publications.Items.ToWire() } },
        Channels.Standing standing => new Standing { Position = standing.Position.ToWire() },
        Channels.ReadMissed read => new ReadMissed { Channel = read.Channel.ToWire(), Ticket = read.Ticket, Since = read.Since.ToWire() },
        Channels.Missed missed => new Missed
        {
            Ticket = missed.Ticket,
            Whole = missed.Whole,
            Position = missed.Position.ToWire(),
            Channel = missed.Items.Channel(),
            Runs = { missed.Items.ToWire() },
            More = missed.More,
        },
        Channels.ReadLast read => new ReadLast { Channel = read.Channel.ToWire(), Ticket = read.Ticket },
        Channels.LastRead read => Encode(read),
        _ => PresenceForm.TryToWire(message) ?? throw NotOurs(message),
    };

    private static LastRead Encode(Channels.LastRead read)
    {
        var wire = new LastRead { Ticket = read.Ticket, Position = read.Position.ToWire() };
        if (read.Payload is not null) wire.Payload = UnsafeByteOperations.UnsafeWrap(read.Payload);
        if (read.PublishId is not null) wire.PublishId = read.PublishId;
        return wire;
    }

    private static object Decode(byte[] bytes, string manifest) => manifest switch
    {
        "A" => Decode(Attach.Parser.ParseFrom(bytes)),
        "a" => Decode(Attached.Parser.ParseFrom(bytes)),
        "D" => Decode(Detach.Parser.ParseFrom(bytes)),
        "d" => new Channels.Detached(Detached.Parser.ParseFrom(bytes).Channel.FromWire()),
        "B" => Decode(PublishBatch.Parser.ParseFrom(bytes)),
        "b" => Decode(BatchPublished.Parser.ParseFrom(bytes)),
        "r" => Decode(BatchRefused.Parser.ParseFrom(bytes)),
        "t" => new Channels.BatchReturned(BatchReturned.Parser.ParseFrom(bytes).Number),
        "P" => Decode(Publications.Parser.ParseFrom(bytes)),
        "S" => new Channels.Standing(Standing.Parser.ParseFrom(bytes).Position.FromWire()),
        "M" => Decode(ReadMissed.Parser.ParseFrom(bytes)),
        "m" => Decode(Missed.Parser.ParseFrom(bytes)),
        "L" => Decode(ReadLast.Parser.ParseFrom(bytes)),
        "l" => Decode(LastRead.Parser.ParseFrom(bytes)),
        _ => PresenceForm.TryFromWire(bytes, manifest) ?? throw new SerializationException($"There is no channel message [{manifest}] here: the other node speaks a later version, or it is none of ours."),
    };

    private static Channels.Attach Decode(Attach wire) => new(wire.Channel.FromWire(), wire.Relay, wire.NextBatch, wire.Delivered.FromWire());

    private static Channels.Attached Decode(Attached wire) => new(wire.Position.FromWire(), wire.Ready, wire.HistorySize);

    private static Channels.Detach Decode(Detach wire) => new(wire.Channel.FromWire(), wire.Relay);

    private static Channels.PublishBatch Decode(PublishBatch wire) =>
        new(wire.Channel.FromWire(), wire.Relay, wire.Number, [.. wire.Publications.Select(WireForm.FromWire)]);

    private static Channels.BatchPublished Decode(BatchPublished wire) => new(wire.Number, wire.Positions.FromWire());

    private static Channels.BatchRefused Decode(BatchRefused wire) => new(wire.Number, wire.MayRepeat, wire.MayBePublished);

    private static Channels.Publications Decode(Publications wire) => new(wire.Runs.FromWire(wire.Channel));

    private static Channels.ReadMissed Decode(ReadMissed wire) => new(wire.Channel.FromWire(), wire.Ticket, wire.Since.FromWire());

    private static Channels.Missed Decode(Missed wire) =>
        new(wire.Ticket, wire.Whole, wire.Position.FromWire(), wire.Runs.FromWire(wire.Channel), wire.More);

    private static Channels.ReadLast Decode(ReadLast wire) => new(wire.Channel.FromWire(), wire.Ticket);

    private static Channels.LastRead Decode(LastRead wire) =>
        new(wire.Ticket, wire.HasPayload ? wire.Payload.Adopt() : null, wire.HasPublishId ? wire.PublishId : null, wire.Position.FromWire());

    private static SerializationException NotOurs(object message) => new($"{message.GetType()} does not go from node to node.");
}
