namespace Broker.Actors.Connections;

/// <summary>
/// Neighbouring frames of a relay's batch: what a subscription is offered at once. The bytes are shared by all who get them.
/// </summary>
/// <param name="bytes">The frames, whole.</param>
/// <param name="count">How many publications that are.</param>
/// <param name="newest">Where in the bytes the newest publication's frame begins.</param>
/// <param name="publishId">Set for a single publication that may come on other channels of the client, too: it is given once.</param>
/// <param name="subscription">What they are publications of, where a full queue may drop them.</param>
internal readonly struct FrameSlice(ReadOnlyMemory<byte> bytes, int count = 1, int newest = 0, string? publishId = null, IDroppable? subscription = null)
{
    private readonly int _newest = newest;

    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    public int Count { get; } = count;

    public string? PublishId { get; } = publishId;

    /// <summary>Null: nobody may drop them, or the queue knows by itself.</summary>
    public IDroppable? Subscription { get; } = subscription;

    /// <summary>The newest publication alone.</summary>
    public FrameSlice Newest => new(Bytes[_newest..], Math.Min(Count, 1), 0, PublishId, Subscription);

    public FrameSlice Of(IDroppable? subscription) => new(Bytes, Count, _newest, PublishId, subscription);
}
