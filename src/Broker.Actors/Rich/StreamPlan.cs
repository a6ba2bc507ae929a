using Broker.Actors.Channels;

namespace Broker.Actors.Rich;

/// <summary>What a client that can only listen is given, worked out before it is opened: who it is, and its one channel. With the channel it ends.</summary>
/// <param name="Name">What the client's library, or its page, calls itself; empty where it does not.</param>
/// <param name="Version">That one's.</param>
/// <param name="Since">Where it stood; null: it begins.</param>
/// <param name="Permission">Granted, until when and as whom.</param>
internal sealed record StreamPlan(Identity Identity, string Name, string Version, ChannelName Channel, StreamPosition? Since, Permission Permission);
