using Broker.Actors.Audiences;
using Broker.Actors.Channels;
using Broker.Actors.Sessions;

namespace Broker.Actors.Connections;

/// <summary>
/// What a ws4redis connection is allowed and wants, worked out before it is opened.
/// </summary>
/// <param name="Caller">Who the client is.</param>
/// <param name="Subscribe">Its channels in the order that replays take: broadcast, groups, user, session.</param>
/// <param name="Publish">Where its messages go.</param>
/// <param name="Echo">It gets everything, its own messages too.</param>
/// <param name="Replay">It is given the last messages first.</param>
/// <param name="Heartbeat">The heartbeat frame, encoded; null for none.</param>
/// <param name="HeartbeatText">What the client may send to be answered by a heartbeat.</param>
/// <param name="Persist">What it publishes becomes the channels' last message.</param>
/// <param name="Token">The token that it came with, if it came with one: it may be revoked.</param>
public sealed record ConnectionPlan(
    Caller Caller,
    IReadOnlyList<ChannelName> Subscribe,
    IReadOnlyList<ChannelName> Publish,
    bool Echo,
    bool Replay = true,
    ReadOnlyMemory<byte>? Heartbeat = null,
    ReadOnlyMemory<byte>? HeartbeatText = null,
    bool Persist = true,
    PresentedToken? Token = null);
