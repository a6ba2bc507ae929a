using System.Collections.Immutable;
using System.Runtime.Serialization;

namespace Broker.Engine;

/// <summary>What regions and daemons of different nodes say to each other.</summary>
internal sealed class ShardingSerializer(ExtendedActorSystem system, Serialization serialization) : SerializerWithStringManifest(system)
{
    public static readonly Type[] Types =
    [
        typeof(Routed), typeof(ShardingEnvelope), typeof(StatsQuery), typeof(StatsAnswer), typeof(LookAgain), typeof(Farewell), typeof(LeaveOrder),
    ];

    public override int Identifier => 1002;

    public override string Manifest(object o) => o switch
    {
        Routed => "R",
        ShardingEnvelope => "E",
        StatsQuery => "Q",
        StatsAnswer => "A",
        LookAgain => "L",
        Farewell => "F",
        LeaveOrder => "X",
        _ => throw new SerializationException($"{o.GetType()} is no message between regions."),
    };

    public override byte[] ToBinary(object obj)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        switch (obj)
        {
            case Routed routed:
                writer.Write((byte)routed.Hops);
                writer.Write(routed.From);
                Payload.Write(writer, serialization, routed.Message);
                break;
            case ShardingEnvelope envelope:
                writer.Write(envelope.EntityId);
                Payload.Write(writer, serialization, envelope.Message);
                break;
            case Farewell farewell:
                writer.Write(farewell.Node);
                break;
            case StatsAnswer answer:
                writer.Write(answer.Stats.Count);
                foreach (var (shard, count) in answer.Stats)
                {
                    writer.Write(shard);
                    writer.Write(count);
                }

                break;
        }

        return stream.ToArray();
    }

    public override object FromBinary(byte[] bytes, string manifest)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes));
        return manifest switch
        {
            "R" => new Routed(reader.ReadByte(), reader.ReadString(), Payload.Read(reader, serialization)!),
            "E" => new ShardingEnvelope(reader.ReadString(), Payload.Read(reader, serialization)!),
            "Q" => StatsQuery.Instance,
            "A" => new StatsAnswer(ReadStats(reader)),
            "L" => LookAgain.Instance,
            "F" => new Farewell(reader.ReadString()),
            "X" => LeaveOrder.Instance,
            _ => throw new SerializationException($"Messages between regions know no manifest [{manifest}]."),
        };
    }

    private static ImmutableDictionary<string, int> ReadStats(BinaryReader reader)
    {
        var stats = ImmutableDictionary.CreateBuilder<string, int>();
        for (var left = reader.ReadInt32(); left > 0; left--)
        {
            stats[reader.ReadString()] = reader.ReadInt32();
        }

        return stats.ToImmutable();
    }
}

/// <summary>From region to region: a message for an entity that the sending region takes to be with the receiving one.</summary>
internal sealed record Routed(int Hops, string From, object Message);

/// <summary>From region to region: how many entities have you got?</summary>
internal sealed record StatsQuery
{
    public static readonly StatsQuery Instance = new();
}

/// <summary>Shard → number of entities.</summary>
internal sealed record StatsAnswer(ImmutableDictionary<string, int> Stats);
