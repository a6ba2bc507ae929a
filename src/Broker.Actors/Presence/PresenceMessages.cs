using Broker.Actors.Channels;
using Broker.Actors.Rich.Protocol;

namespace Broker.Actors.Presence;

/// <summary>What goes to the keeper of a channel's members, which is a child of the channel's owner. The owner only forwards it.</summary>
internal interface IPresenceMessage : IChannelMessage;

/// <summary>
/// What has changed among a relay's members, in order. One unanswered at a time, numbered upwards; small enough for a link between nodes. To each owner a relay first tells all that it
/// has, in as many reports as it takes.
/// </summary>
/// <param name="Relay">The relay's id; a new one after every start of it.</param>
/// <param name="Node">The relay's node: <see cref="ClusterNodes"/>.</param>
/// <param name="Begins">What the relay has said before no longer counts: all of its members follow.</param>
/// <param name="IsWhole">With this, the owner has been told all of them.</param>
/// <param name="Returns">An earlier owner had been told all of them.</param>
/// <param name="Wants">Somebody at the relay wants to hear who comes and goes.</param>
internal sealed record ReportPresence(
    ChannelName Channel, string Relay, string Node, long Number, bool Begins, bool IsWhole, bool Returns, bool Wants, IReadOnlyList<MemberChange> Changes) : IPresenceMessage;

/// <summary>The owner has taken the report.</summary>
internal sealed record PresenceTaken(long Number) : IChannelAnswer;

/// <summary>Members have come and gone, in this order. For every relay that wants to know.</summary>
internal sealed record MembersChange(IReadOnlyList<MemberChange> Changes) : IChannelAnswer;

/// <summary>A member has come or gone.</summary>
/// <param name="Member">When a relay says that one has gone, nothing but its client id.</param>
internal sealed record MemberChange(ClientInfo Member, bool Joins)
{
    /// <summary>Bytes that it takes in a message, and a little more.</summary>
    public int Weight => MembersFrame.Weigh(Member);
}

/// <summary>Asks for a page of the channel's members.</summary>
/// <param name="Life">Of the owner that gave the page before; empty for the first one.</param>
/// <param name="After">Where that page ended; 0 for the first one.</param>
/// <param name="Until">Where the reading ends, as the first page said: who comes later is not waited for.</param>
internal sealed record ReadMembers(ChannelName Channel, string Life, long After, long Until) : IPresenceMessage;

/// <summary>The page. Of another owner's life than was asked for it holds nothing, and the reader begins again.</summary>
/// <param name="More">There may be more after it.</param>
internal sealed record MembersPage(string Life, long After, long Until, IReadOnlyList<ClientInfo> Members, bool More) : IChannelAnswer;

/// <summary>Asks how many members the channel has.</summary>
internal sealed record CountMembers(ChannelName Channel) : IPresenceMessage;

internal sealed record MembersCount(long Clients, long Users) : IChannelAnswer;

/// <summary>Nobody can say at the moment who is there. Later.</summary>
internal sealed record MembersUnknown : IChannelAnswer
{
    public static readonly MembersUnknown Instance = new();
}
