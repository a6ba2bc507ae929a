namespace Broker.Actors.Channels;

/// <summary>
/// One message on a channel. Immutable: the payload is shared by all who read it and must not be written to.
/// </summary>
/// <param name="Channel">Where it was published.</param>
/// <param name="Position">Its place on the channel. Without history the epoch is the present owner's own, good for noticing gaps only.</param>
/// <param name="Payload">The bytes, exactly as they were published.</param>
/// <param name="PublishId">The id that makes a repeated publish harmless; null for what others published on Redis directly.</param>
/// <param name="Origin">The stable id of the client that published it; null when unknown.</param>
/// <param name="Shared">One call published it on several channels: a connection that subscribes to more than one of them gets it once.</param>
public sealed record Publication(
    ChannelName Channel, StreamPosition Position, ReadOnlyMemory<byte> Payload, string? PublishId = null, string? Origin = null, bool Shared = false)
{
    /// <summary>Bytes that it counts for where it waits: an empty one takes room too.</summary>
    internal int Weight => Payload.Length + 64;
}
