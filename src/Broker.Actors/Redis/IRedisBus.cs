using Broker.Actors.Channels;

namespace Broker.Actors.Redis;

/// <summary>
/// All that the broker asks of Redis. Channel and key names are Redis names, prefix included. Every task fails with
/// <see cref="RedisUnavailableException"/> when Redis does not answer in time, or cannot serve for the moment; the outcome of a failed write is then
/// unknown. It fails with <see cref="RedisRefusedException"/> when Redis answers that it will not (rights, a key of another type).
/// </summary>
internal interface IRedisBus : IAsyncDisposable
{
    /// <summary>Both connections (commands and subscriptions) are up, as far as is known without asking.</summary>
    bool IsConnected { get; }

    /// <summary>Redis Cluster: keys of one channel must share a slot (<see cref="RedisKeys"/>).</summary>
    bool IsCluster { get; }

    /// <summary>A round trip on the command connection.</summary>
    Task PingAsync();

    /// <summary>
    /// Subscribes the channel, and its mark channel if it has one, on the node's one subscription connection. Confirmation, arrivals and losses come to
    /// <paramref name="arrivals"/>, in Redis's order; after a loss the bus subscribes again by itself.
    /// </summary>
    void Subscribe(string channel, string? markChannel, IArrivals arrivals);

    /// <summary>
    /// Ends it, unless somebody else has subscribed the channel since; nothing arrives after this has returned but what was under way on another thread.
    /// </summary>
    void Unsubscribe(string channel, IArrivals arrivals);

    /// <summary>
    /// Calls <see cref="IArrivals.Passed"/> once everything that Redis published on the channel before this call has arrived. Dropped without a call when the
    /// subscription is lost (<see cref="IArrivals.Lost"/> tells) or not confirmed. On Redis Cluster: everything that the node of the channel's slot published,
    /// as Broker's own scripts do.
    /// </summary>
    void Fence(string channel, long ticket);

    /// <summary>History off: for each publication SETEX (when it expires later than now) and PUBLISH, all in one pipeline, in order.</summary>
    Task PublishAsync(RedisKeys keys, IReadOnlyList<OutgoingPublication> publications);

    /// <summary>The persisted last message of the channel, read now.</summary>
    Task<LastValue> ReadLastAsync(RedisKeys keys);

    /// <summary>Removes the persisted last message. True if there was one.</summary>
    Task<bool> RemoveLastAsync(RedisKeys keys);

    /// <summary>Epoch and newest offset; null when the channel has no history yet or it was lost.</summary>
    Task<StreamPosition?> ReadPositionAsync(RedisKeys keys);

    /// <summary>Makes the caller the channel's owner: raises the owner token and puts a mark (count 0) that carries it.</summary>
    Task<TakenOver> TakeOverAsync(RedisKeys keys, TakeOver order);

    /// <summary>
    /// Appends in order, atomically: offsets, history, last values, a mark and the raw PUBLISHes (none for foreign publications). Refused when a later owner has taken
    /// over, or when the meta is gone.
    /// </summary>
    Task<Appended> AppendAsync(RedisKeys keys, Append order);

    /// <summary>Publications with offsets above <paramref name="after"/>, oldest first, until a bound is reached (at least one, if there is any).</summary>
    Task<HistoryPage> ReadHistoryAsync(RedisKeys keys, long after, int maxCount, int maxBytes);

    /// <summary>Changes what is kept of the channel's members, and renews its expiry. Returns how many are kept then.</summary>
    Task<long> WriteMembersAsync(RedisKeys keys, MembersWrite order);

    /// <summary>A page of what is kept of the channel's members. Each stands on a page, some perhaps on two, if nobody writes meanwhile.</summary>
    /// <param name="keys">The channel.</param>
    /// <param name="cursor">What the page before said; 0 for the first.</param>
    Task<MembersScan> ReadMembersAsync(RedisKeys keys, ulong cursor);

    /// <summary>Publications with offsets below <paramref name="before"/>, newest first, until a bound is reached (at least one, if there is any).</summary>
    Task<HistoryPage> ReadHistoryBackAsync(RedisKeys keys, long before, int maxCount, int maxBytes);

    /// <summary>A plain key of Broker's own (session records).</summary>
    Task<byte[]?> GetAsync(string key);

    Task SetAsync(string key, byte[] value, TimeSpan expires);

    /// <summary>
    /// A number (below 2^53) that only rises, and whose time only gets longer, whoever sets it and in whatever order: the greater of what is there and what is said stays, and so does the
    /// later end.
    /// </summary>
    Task RaiseAsync(string key, long value, TimeSpan expires);

    Task<bool> RemoveAsync(string key);

    /// <summary>Takes or renews a lease. False while somebody else holds it.</summary>
    Task<bool> HoldLeaseAsync(string key, string holder, TimeSpan duration);

    /// <summary>Gives a lease back if the holder has it.</summary>
    Task ReleaseLeaseAsync(string key, string holder);

    /// <summary>
    /// Any command, for the command gateway, whose allow-list has passed it. What Redis refuses is a <see cref="RedisReply.Error"/>, not an exception.
    /// </summary>
    /// <param name="command">Its name.</param>
    /// <param name="arguments">The first one is a key, if there are any.</param>
    /// <param name="maxReply">Bytes: a longer reply does not leave Redis, and <see cref="RedisReply.TooLong"/> comes instead. Null for a command whose reply is a number or a word.</param>
    Task<RedisReply> ExecuteAsync(string command, IReadOnlyList<string> arguments, int? maxReply = null);
}

/// <summary>
/// A channel's end of the subscription. Called in Redis's order, one call at a time per channel, on the reader's thread: it must only hand over.
/// </summary>
internal interface IArrivals
{
    /// <summary>Redis has confirmed (again): from here on every publication arrives, and where there are marks, no copy without its mark.</summary>
    void Subscribed();

    /// <summary>What came together, in order. The list belongs to the callee.</summary>
    void Arrived(IReadOnlyList<Arrival> arrivals);

    /// <summary>See <see cref="IRedisBus.Fence"/>.</summary>
    void Passed(long ticket);

    /// <summary>
    /// The connection broke: what is published from now on is not seen until <see cref="Subscribed"/>. Told only to those who were told Subscribed before.
    /// </summary>
    void Lost();

    /// <summary>
    /// Redis does not let us subscribe this channel; others are not touched. It is tried again with the next connection, or when somebody subscribes it again.
    /// </summary>
    void Refused(string reason);
}

/// <summary>One message of the subscription: a publication's payload, or a mark (<see cref="Mark"/>) on the companion channel.</summary>
internal readonly record struct Arrival(byte[] Payload, bool IsMark);

/// <summary>What the persisted last message is, if there is one, and the publish id of the call that set it where that is known.</summary>
internal readonly record struct LastValue(byte[]? Payload, string? PublishId);

/// <summary>
/// A publication on its way to Redis.
/// </summary>
/// <param name="Payload">The raw bytes, published as they are.</param>
/// <param name="Expire">Seconds that it stays as last message; 0 or less leaves an older one in place.</param>
/// <param name="Shared">It goes to several channels under one publish id: the id is then kept beside the last message.</param>
/// <param name="Foreign">Somebody published it on Redis directly: append only, do not publish, do not persist.</param>
internal sealed record OutgoingPublication(byte[] Payload, string? PublishId, string? Origin, int Expire, bool Shared = false, bool Foreign = false);

/// <summary>How much history a channel keeps: the newest <paramref name="Size"/>, all of it gone <paramref name="TimeToLive"/> after the last publication.</summary>
internal sealed record HistoryLimits(int Size, TimeSpan TimeToLive);

/// <param name="NewEpoch">The epoch to begin if there is none, or one that proves lost.</param>
/// <param name="Known">What the caller has already delivered: an offset below it in the same epoch proves that Redis lost some, so a new epoch begins.</param>
/// <param name="Size">How many publications the history keeps: no more are looked at.</param>
internal sealed record TakeOver(string NewEpoch, StreamPosition? Known, int Size, bool ForceNewEpoch = false);

/// <param name="Token">The caller's owner token.</param>
/// <param name="Position">The newest publication; offset 0 in a new epoch.</param>
/// <param name="IsNewEpoch">The epoch was begun by this call.</param>
/// <param name="PublishIds">Publish ids that the history holds, by offset.</param>
/// <param name="UnknownLast">
/// SHA-1, in hex, of a persisted last message that the history has never held: either its publication has reached the caller, or it was lost and the epoch with it.
/// </param>
internal sealed record TakenOver(
    long Token, StreamPosition Position, bool IsNewEpoch, IReadOnlyList<(long Offset, string Id)> PublishIds, string? UnknownLast = null);

/// <param name="Token">The caller's owner token.</param>
/// <param name="KnownOffset">The newest offset that the caller has seen: a meta that stands below it has been lost and came back old.</param>
internal sealed record Append(
    long Token, string Epoch, HistoryLimits Limits, IReadOnlyList<OutgoingPublication> Publications, long KnownOffset = 0);

/// <summary>
/// Superseded: a later owner has taken over. MetaLost: the epoch is gone from Redis, another one, or has lost publications; take over again.
/// </summary>
internal enum AppendOutcome { Appended, Superseded, MetaLost }

/// <param name="FirstOffset">The first publication's offset; the others follow without a gap.</param>
internal readonly record struct Appended(AppendOutcome Outcome, long FirstOffset);

/// <param name="Anew">Nothing is kept that stood there before.</param>
/// <param name="Set">What stands under which client.</param>
/// <param name="Keep">How long all of it stays if nobody writes again.</param>
internal sealed record MembersWrite(bool Anew, IReadOnlyList<KeyValuePair<string, byte[]>> Set, IReadOnlyList<string> Removed, TimeSpan Keep);

/// <param name="Cursor">Where the next page is; 0 after the last.</param>
internal sealed record MembersScan(ulong Cursor, IReadOnlyList<KeyValuePair<string, byte[]>> Members);

/// <param name="Position">The newest publication when the page was read.</param>
/// <param name="Oldest">The oldest offset that the history still holds; one above the newest when it is empty.</param>
internal sealed record HistoryPage(StreamPosition? Position, long Oldest, IReadOnlyList<StoredPublication> Publications);

internal sealed record StoredPublication(long Offset, byte[] Payload, string? PublishId, string? Origin, bool Shared = false);

/// <summary>A Redis reply as the gateway needs it: exactly one of the members is set, none for nil.</summary>
internal sealed record RedisReply(string? Text = null, long? Number = null, IReadOnlyList<RedisReply>? Items = null, string? Error = null)
{
    /// <summary>The command was carried out, and its reply was left where it was.</summary>
    public static readonly RedisReply TooLong = new(Error: "the reply is too long");
}

/// <summary>Redis did not answer in time, or is not connected. The message names no host.</summary>
public sealed class RedisUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>Redis answered with an error that trying again does not mend. The message is Redis's own.</summary>
public sealed class RedisRefusedException(string message, Exception? inner = null) : Exception(message, inner);
