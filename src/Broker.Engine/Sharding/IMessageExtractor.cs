using System.Globalization;
using System.Text;

namespace Broker.Engine;

/// <summary>Tells for which entity a message is, and in which shard that entity is.</summary>
public interface IMessageExtractor
{
    /// <summary>The entity's id, null if the message is for none.</summary>
    string? EntityId(object message);

    /// <summary>What the entity gets: the message, or what is in its envelope.</summary>
    object? EntityMessage(object message);

    /// <summary>The shard of an entity; the same on all nodes and for all time.</summary>
    string ShardId(string entityId, object? messageHint = null);
}

/// <summary>Puts entities into shards by a hash of their id.</summary>
public abstract class HashCodeMessageExtractor : IMessageExtractor
{
    /// <summary>How many shards there are.</summary>
    public readonly int MaxNumberOfShards;

    private readonly string[] _shardIds;

    /// <summary>Puts entities into that many shards.</summary>
    protected HashCodeMessageExtractor(int maxNumberOfShards)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxNumberOfShards, 1);
        MaxNumberOfShards = maxNumberOfShards;
        _shardIds = [.. Enumerable.Range(0, maxNumberOfShards).Select(number => number.ToString(CultureInfo.InvariantCulture))];
    }

    /// <summary>An extractor out of functions.</summary>
    public static HashCodeMessageExtractor Create(
        int maxNumberOfShards, Func<object, string?> entityIdExtractor, Func<object, object>? messageExtractor = null) =>
        new Functions(maxNumberOfShards, entityIdExtractor, messageExtractor);

    /// <inheritdoc/>
    public abstract string? EntityId(object message);

    /// <summary>What is in the envelope if it is a <see cref="ShardingEnvelope"/>, else the message.</summary>
    public virtual object? EntityMessage(object message) => message is ShardingEnvelope envelope ? envelope.Message : message;

    /// <inheritdoc/>
    public virtual string ShardId(string entityId, object? messageHint = null)
    {
        ArgumentNullException.ThrowIfNull(entityId);
        return _shardIds[Hash(entityId) % (uint)MaxNumberOfShards];
    }

    /// <summary>FNV-1a with the finisher of MurmurHash3: stable over processes and versions, even over few shards.</summary>
    private static uint Hash(string text)
    {
        var hash = 2166136261u;
        foreach (var value in Encoding.UTF8.GetBytes(text))
        {
            hash = (hash ^ value) * 16777619u;
        }

        hash = (hash ^ (hash >> 16)) * 0x85ebca6bu;
        hash = (hash ^ (hash >> 13)) * 0xc2b2ae35u;
        return hash ^ (hash >> 16);
    }

    private sealed class Functions(int maxNumberOfShards, Func<object, string?> entityId, Func<object, object>? entityMessage)
        : HashCodeMessageExtractor(maxNumberOfShards)
    {
        public override string? EntityId(object message) => entityId(message);

        public override object? EntityMessage(object message) =>
            entityMessage is null ? base.EntityMessage(message) : entityMessage(message);
    }
}

/// <summary>A message with the entity that it is for.</summary>
public sealed class ShardingEnvelope
{
    /// <summary>A message with the entity that it is for.</summary>
    public ShardingEnvelope(string entityId, object message)
    {
        EntityId = entityId;
        Message = message;
    }

    /// <summary>The entity.</summary>
    public string EntityId { get; }

    /// <summary>What it gets.</summary>
    public object Message { get; }

    /// <inheritdoc/>
    public override string ToString() => $"ShardingEnvelope({EntityId}, {Message})";
}
