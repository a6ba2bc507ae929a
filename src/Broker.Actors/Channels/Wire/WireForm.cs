using System.Runtime.InteropServices;
using System.Runtime.Serialization;
using Broker.Actors.Redis;
using Google.Protobuf;

namespace Broker.Actors.Channels.Wire;

/// <summary>
/// The parts of channel messages as <c>channel.proto</c> has them. Payloads are not copied: what is sent is read where it lies, and what has come is handed on as it was parsed.
/// </summary>
internal static class WireForm
{
    public static Channel ToWire(this ChannelName channel)
    {
        var wire = new Channel { Kind = KindOf(channel.Kind), Facility = channel.Facility };
        if (channel.Owner is not null) wire.Owner = channel.Owner;
        return wire;
    }

    public static ChannelName FromWire(this Channel? wire) => wire switch
    {
        null => throw Lacks("channel"),
        { Kind: Kind.Broadcast } => ChannelName.Broadcast(wire.Facility),
        { Kind: Kind.Raw } => ChannelName.Raw(wire.Facility),
        { Kind: Kind.User or Kind.Group or Kind.Session } when !ChannelName.IsAllowedOwner(wire.Owner) =>
            throw new SerializationException("A channel message names a channel whose owner is none."),
        { Kind: Kind.User } => ChannelName.User(wire.Owner, wire.Facility),
        { Kind: Kind.Group } => ChannelName.Group(wire.Owner, wire.Facility),
        { Kind: Kind.Session } => ChannelName.Session(wire.Owner, wire.Facility),
        _ => throw new SerializationException($"A channel message names a channel of the kind {(int)wire.Kind}, which is not known here."),
    };

    public static Position ToWire(this StreamPosition position) => new() { Epoch = position.Epoch ?? "", Offset = position.Offset };

    public static StreamPosition FromWire(this Position? wire) => wire is null ? throw Lacks("position") : new StreamPosition(wire.Epoch, wire.Offset);

    public static Outgoing ToWire(OutgoingPublication publication)
    {
        var wire = new Outgoing
        {
            Payload = UnsafeByteOperations.UnsafeWrap(publication.Payload),
            Expire = publication.Expire,
            Shared = publication.Shared,
            Foreign = publication.Foreign,
        };
        if (publication.PublishId is not null) wire.PublishId = publication.PublishId;
        if (publication.Origin is not null) wire.Origin = publication.Origin;
        return wire;
    }

    public static OutgoingPublication FromWire(Outgoing wire) => new(
        wire.Payload.Adopt(), wire.HasPublishId ? wire.PublishId : null, wire.HasOrigin ? wire.Origin : null, wire.Expire, wire.Shared, wire.Foreign);

    /// <summary>The channel of all of them, to be said once; null when there are none.</summary>
    public static Channel? Channel(this IReadOnlyList<Publication> publications) => publications.Count == 0 ? null : publications[0].Channel.ToWire();

    /// <exception cref="SerializationException">They are of more than one channel.</exception>
    public static IEnumerable<Run> ToWire(this IReadOnlyList<Publication> publications)
    {
        Run? run = null;
        foreach (var publication in publications)
        {
            if (!ReferenceEquals(publication.Channel, publications[0].Channel) && publication.Channel != publications[0].Channel)
                throw new SerializationException("Publications of more than one channel do not go in one message.");

            if (run is not null && run.Epoch != publication.Position.Epoch)
            {
                yield return run;
                run = null;
            }

            run ??= new Run { Epoch = publication.Position.Epoch };
            run.Items.Add(ItemOf(publication));
        }

        if (run is not null) yield return run;
    }

    public static IReadOnlyList<Publication> FromWire(this IReadOnlyList<Run> runs, Channel? channel)
    {
        var publications = new Publication[runs.Sum(run => run.Items.Count)];
        if (publications.Length == 0) return publications;

        var name = channel.FromWire();
        var next = 0;
        foreach (var run in runs)
        {
            foreach (var item in run.Items)
            {
                publications[next++] = new Publication(
                    name,
                    new StreamPosition(run.Epoch, item.Offset),
                    item.Payload.Memory,
                    item.HasPublishId ? item.PublishId : null,
                    item.HasOrigin ? item.Origin : null,
                    item.Shared);
            }
        }

        return publications;
    }

    public static IEnumerable<Offsets> ToWire(this IReadOnlyList<StreamPosition> positions)
    {
        Offsets? offsets = null;
        foreach (var position in positions)
        {
            if (offsets is not null && offsets.Epoch != position.Epoch)
            {
                yield return offsets;
                offsets = null;
            }

            offsets ??= new Offsets { Epoch = position.Epoch };
            offsets.Values.Add(position.Offset);
        }

        if (offsets is not null) yield return offsets;
    }

    public static IReadOnlyList<StreamPosition> FromWire(this IReadOnlyList<Offsets> runs) =>
        [.. runs.SelectMany(run => run.Values.Select(offset => new StreamPosition(run.Epoch, offset)))];

    /// <summary>The bytes as they were parsed: nobody else has them.</summary>
    public static byte[] Adopt(this ByteString bytes) =>
        MemoryMarshal.TryGetArray(bytes.Memory, out var whole) && whole.Array is { } array && array.Length == whole.Count ? array : bytes.ToByteArray();

    private static Item ItemOf(Publication publication)
    {
        var item = new Item { Offset = publication.Position.Offset, Payload = UnsafeByteOperations.UnsafeWrap(publication.Payload), Shared = publication.Shared };
        if (publication.PublishId is not null) item.PublishId = publication.PublishId;
        if (publication.Origin is not null) item.Origin = publication.Origin;
        return item;
    }

    private static Kind KindOf(ChannelKind kind) => kind switch
    {
        ChannelKind.Broadcast => Kind.Broadcast,
        ChannelKind.User => Kind.User,
        ChannelKind.Group => Kind.Group,
        ChannelKind.Session => Kind.Session,
        ChannelKind.Raw => Kind.Raw,
        _ => throw new SerializationException($"A channel of the kind {kind} has no form between nodes."),
    };

    private static SerializationException Lacks(string part) => new($"A channel message lacks its {part}.");
}
