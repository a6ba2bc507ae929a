using Broker.Actors.Audiences;
using Broker.Actors.Channels;

namespace Broker.Actors.Connections;

/// <summary>
/// Sees each client publish before it is taken: accepts, changes or refuses it. Called for one publish of a connection at a time, in order. One that throws or takes longer than
/// <c>broker.callback-timeout</c> refuses.
/// </summary>
public interface IPublishHandler
{
    /// <summary>Decides on one publish.</summary>
    ValueTask<PublishDecision> OnPublishAsync(ClientPublish publish, CancellationToken cancellation);
}

/// <summary>What a client wants to publish.</summary>
/// <param name="Caller">Who the client is.</param>
/// <param name="Channels">Where it goes: the channels that the client may publish to.</param>
/// <param name="Payload">The bytes as the client sent them.</param>
public sealed record ClientPublish(Caller Caller, IReadOnlyList<ChannelName> Channels, ReadOnlyMemory<byte> Payload);

/// <summary>What becomes of it.</summary>
public readonly record struct PublishDecision
{
    private PublishDecision(bool accepted, ReadOnlyMemory<byte>? payload)
    {
        IsAccepted = accepted;
        Payload = payload;
    }

    /// <summary>Publish it as it is.</summary>
    public static PublishDecision Accept { get; } = new(true, null);

    /// <summary>Do not publish it.</summary>
    public static PublishDecision Refuse { get; }

    /// <summary>True unless it was refused.</summary>
    public bool IsAccepted { get; }

    /// <summary>What to publish instead; null for what the client sent.</summary>
    public ReadOnlyMemory<byte>? Payload { get; }

    /// <summary>Publish this instead.</summary>
    public static PublishDecision Change(ReadOnlyMemory<byte> payload) => new(true, payload);
}
