using System.Runtime.Serialization;
using Broker.Actors.Rich.Protocol;
using Google.Protobuf;

namespace Broker.Actors.Channels.Wire;

/// <summary>What relays and owners say to each other of a channel's members, as <c>channel.proto</c> has it; and what stands of one in Redis.</summary>
internal static class PresenceForm
{
    public static IMessage? TryToWire(object message) => message switch
    {
        Presence.ReportPresence report => new ReportPresence
        {
            Channel = report.Channel.ToWire(),
            Relay = report.Relay,
            Node = report.Node,
            Number = report.Number,
            Begins = report.Begins,
            IsWhole = report.IsWhole,
            Returns = report.Returns,
            Wants = report.Wants,
            Changes = { report.Changes.Select(ToWire) },
        },
        Presence.PresenceTaken taken => new PresenceTaken { Number = taken.Number },
        Presence.MembersChange change => new MembersChange { Changes = { change.Changes.Select(ToWire) } },
        Presence.ReadMembers read => new ReadMembers { Channel = read.Channel.ToWire(), Life = read.Life, After = read.After, Until = read.Until },
        Presence.MembersPage page => new MembersPage { Life = page.Life, After = page.After, Until = page.Until, Members = { page.Members.Select(ToWire) }, More = page.More },
        Presence.CountMembers count => new CountMembers { Channel = count.Channel.ToWire() },
        Presence.MembersCount count => new MembersCount { Clients = count.Clients, Users = count.Users },
        Presence.MembersUnknown => new MembersUnknown(),
        _ => null,
    };

    public static object? TryFromWire(byte[] bytes, string manifest) => manifest switch
    {
        "R" => FromWire(ReportPresence.Parser.ParseFrom(bytes)),
        "k" => new Presence.PresenceTaken(PresenceTaken.Parser.ParseFrom(bytes).Number),
        "c" => new Presence.MembersChange([.. MembersChange.Parser.ParseFrom(bytes).Changes.Select(FromWire)]),
        "G" => FromWire(ReadMembers.Parser.ParseFrom(bytes)),
        "g" => FromWire(MembersPage.Parser.ParseFrom(bytes)),
        "N" => new Presence.CountMembers(CountMembers.Parser.ParseFrom(bytes).Channel.FromWire()),
        "n" => FromWire(MembersCount.Parser.ParseFrom(bytes)),
        "u" => Unknown(bytes),
        _ => null,
    };

    public static byte[] ToStored(ClientInfo member, string relay, string node) => new StoredMember
    {
        Relay = relay,
        Node = node,
        User = member.User,
        ConnectionInfo = UnsafeByteOperations.UnsafeWrap(member.ConnectionInfo),
        ChannelInfo = UnsafeByteOperations.UnsafeWrap(member.ChannelInfo),
    }.ToByteArray();

    /// <summary>Null for what is none.</summary>
    public static (ClientInfo Member, string Relay, string Node)? FromStored(string client, byte[] stored)
    {
        try
        {
            var wire = StoredMember.Parser.ParseFrom(stored);
            return (new ClientInfo(wire.User, client, wire.ConnectionInfo.Memory, wire.ChannelInfo.Memory), wire.Relay, wire.Node);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private static MemberChange ToWire(Presence.MemberChange change) => new() { Member = ToWire(change.Member), Joins = change.Joins };

    private static Member ToWire(ClientInfo member) => new()
    {
        Client = member.Client,
        User = member.User,
        ConnectionInfo = UnsafeByteOperations.UnsafeWrap(member.ConnectionInfo),
        ChannelInfo = UnsafeByteOperations.UnsafeWrap(member.ChannelInfo),
    };

    private static Presence.ReportPresence FromWire(ReportPresence wire) => new(
        wire.Channel.FromWire(), wire.Relay, wire.Node, wire.Number, wire.Begins, wire.IsWhole, wire.Returns, wire.Wants, [.. wire.Changes.Select(FromWire)]);

    private static Presence.ReadMembers FromWire(ReadMembers wire) => new(wire.Channel.FromWire(), wire.Life, wire.After, wire.Until);

    private static Presence.MembersPage FromWire(MembersPage wire) => new(wire.Life, wire.After, wire.Until, [.. wire.Members.Select(FromWire)], wire.More);

    private static Presence.MembersCount FromWire(MembersCount wire) => new(wire.Clients, wire.Users);

    private static Presence.MembersUnknown Unknown(byte[] bytes)
    {
        MembersUnknown.Parser.ParseFrom(bytes);
        return Presence.MembersUnknown.Instance;
    }

    private static Presence.MemberChange FromWire(MemberChange wire) =>
        new(FromWire(wire.Member ?? throw new SerializationException("A channel message lacks its member.")), wire.Joins);

    private static ClientInfo FromWire(Member wire) => new(wire.User, wire.Client, wire.ConnectionInfo.Memory, wire.ChannelInfo.Memory);
}
