using Broker.Actors.Redis;

namespace Broker.Actors.Channels;

/// <summary>What goes to a channel's owner: it names the channel that it is for, since the actor cannot tell from its path.</summary>
internal interface IChannelMessage
{
    ChannelName Channel { get; }
}

/// <summary>What a channel's owner says to a relay. All of this and of <see cref="IChannelMessage"/> goes from node to node: <see cref="Wire.ChannelSerializer"/>.</summary>
internal interface IChannelAnswer;

/// <summary>A relay is there, or there again. Repeated until answered.</summary>
/// <param name="Relay">The relay's id; a new one after every start of it.</param>
/// <param name="NextBatch">The number of the next <see cref="PublishBatch"/> that will come: one that was sent and never answered comes again.</param>
/// <param name="Delivered">What the relay itself has had from the channel's owners; never what a client says.</param>
internal sealed record Attach(ChannelName Channel, string Relay, long NextBatch, StreamPosition Delivered) : IChannelMessage;

/// <summary>The owner knows the relay; until <paramref name="Ready"/> nothing arrives from Redis, and publishes wait or are refused.</summary>
/// <param name="HistorySize">How many publications the history keeps, and with them the ids that tell repeats; 0 without history.</param>
internal sealed record Attached(StreamPosition Position, bool Ready, int HistorySize) : IChannelAnswer;

/// <summary>The relay has neither subscribers nor publishers left.</summary>
internal sealed record Detach(ChannelName Channel, string Relay) : IChannelMessage;

/// <summary>The owner does not know the relay (any more): attach again.</summary>
internal sealed record Detached(ChannelName Channel) : IChannelAnswer;

/// <summary>What a relay's clients publish, in order. One unanswered at a time, numbered without gaps.</summary>
internal sealed record PublishBatch(ChannelName Channel, string Relay, long Number, IReadOnlyList<OutgoingPublication> Publications) : IChannelMessage;

/// <summary>The batch is in Redis. With history, where each publication stands; otherwise no positions.</summary>
internal sealed record BatchPublished(long Number, IReadOnlyList<StreamPosition> Positions) : IChannelAnswer;

/// <param name="MayRepeat">Sending the same publications again does no harm: none was sent, or the history is large enough to tell repeats.</param>
/// <param name="MayBePublished">Some were sent, and Redis did not say what became of them.</param>
internal sealed record BatchRefused(long Number, bool MayRepeat, bool MayBePublished) : IChannelAnswer
{
    /// <summary>None was sent.</summary>
    public static BatchRefused Unsent(long number) => new(number, MayRepeat: true, MayBePublished: false);
}

/// <summary>The owner stops and has not taken the batch: it is for the next owner.</summary>
internal sealed record BatchReturned(long Number) : IChannelAnswer;

/// <summary>Publications in channel order, for every subscriber of the relay.</summary>
internal sealed record Publications(IReadOnlyList<Publication> Items) : IChannelAnswer;

/// <summary>Where the channel stands, told when it is quiet: who is behind has missed something.</summary>
internal sealed record Standing(StreamPosition Position) : IChannelAnswer;

/// <summary>Asks for a page of what came after a position.</summary>
internal sealed record ReadMissed(ChannelName Channel, long Ticket, StreamPosition Since) : IChannelMessage;

/// <summary>The page, small enough for a link between nodes. When it cannot follow the position without a gap there are no publications.</summary>
/// <param name="Position">Where the page ends; if it is not whole, where the channel stands.</param>
/// <param name="More">There was more after it when it was read: ask for it.</param>
internal sealed record Missed(long Ticket, bool Whole, StreamPosition Position, IReadOnlyList<Publication> Items, bool More) : IChannelAnswer;

/// <summary>Asks for the persisted last message, read from Redis now.</summary>
internal sealed record ReadLast(ChannelName Channel, long Ticket) : IChannelMessage;

/// <summary>Everything that Redis had published before the value was read has been sent to the relay before this.</summary>
/// <param name="Position">Where the channel stands: a relay that stands elsewhere has missed something, perhaps the value itself.</param>
internal sealed record LastRead(long Ticket, byte[]? Payload, string? PublishId, StreamPosition Position) : IChannelAnswer;

/// <summary>Tells an owner to stop: idle, or its shard goes elsewhere.</summary>
internal sealed record StopChannel
{
    public static readonly StopChannel Instance = new();
}
