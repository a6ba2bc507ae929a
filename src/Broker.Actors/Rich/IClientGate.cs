using Broker.Actors.Audiences;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Rich.Protocol;
using Broker.Actors.Sessions;

namespace Broker.Actors.Rich;

/// <summary>
/// Who a rich client is and what it may do: one for each connection, made from the request that it came with. Within <c>broker.callback-timeout</c> it answers;
/// whatever goes wrong inside denies. It is asked for one thing at a time, but for calls (<see cref="CallAsync"/>) and for looking again: those go on beside
/// each other and beside what comes after them.
/// </summary>
internal interface IClientGate
{
    /// <summary>The first command: the token, or else who the request was.</summary>
    ValueTask<Admission> ConnectAsync(Connect connect);

    /// <summary>A new token for an open connection.</summary>
    ValueTask<Admission> RefreshAsync(string token);

    /// <summary>Now that it is in, and can be found by whoever closes clients: why it is closed if what it came with has been taken back since it was looked at; otherwise null.</summary>
    ValueTask<CloseReason?> LookAgainAsync();

    /// <summary>May it subscribe; with a subscription token, whatever the policy says otherwise.</summary>
    ValueTask<Permission> SubscribeAsync(ChannelName channel, string token);

    /// <summary>Now that the subscription can be found by whoever takes tokens back: true if the one that it stands by has been taken back since it was looked at.</summary>
    ValueTask<bool> LookAgainAsync(Permission permission);

    /// <summary>May it publish, itself: not asked again for the same channel until the client is somebody else.</summary>
    ValueTask<Permission> PublishAsync(ChannelName channel);

    /// <summary>May it ask who is there, and what was published. Those who are subscribed may where the channel's options say so; this is for the others.</summary>
    ValueTask<Permission> ReadAsync(ChannelName channel);

    /// <summary>To the application's handler.</summary>
    ValueTask<RpcAnswer> CallAsync(Rpc rpc);

    /// <summary>To the application's handler; no answer. False: there is none, or it failed.</summary>
    ValueTask<bool> SendAsync(Send send);
}

/// <summary>What becomes of a connection: exactly one of identity, error (it may try again on this connection) and close reason.</summary>
internal sealed record Admission(Identity? Identity, RichError? Error = null, CloseReason? Close = null);

/// <summary>Who a connection is.</summary>
/// <param name="Origin">Names the client instance, over reconnections if it can; empty: the connection's id does.</param>
/// <param name="Info">What others see in presence, JSON; empty for nothing.</param>
/// <param name="ExpiresAt">When a token must have been refreshed; null: never.</param>
/// <param name="Token">The token that said so, if one did: it may be revoked.</param>
/// <param name="ServerSubscriptions">Channels that the server subscribes for the client.</param>
/// <param name="Data">What the client is told with its connection, JSON; empty for nothing.</param>
internal sealed record Identity(
    Caller Caller, string Origin, ReadOnlyMemory<byte> Info, DateTimeOffset? ExpiresAt, PresentedToken? Token, IReadOnlyList<ChannelName> ServerSubscriptions, ReadOnlyMemory<byte> Data);

/// <summary>Allowed where both error and close reason are null.</summary>
/// <param name="ExpiresAt">When a subscription token must have been refreshed; null: never.</param>
/// <param name="Info">What others see in presence on this channel, JSON; empty for nothing.</param>
/// <param name="Token">The subscription token, if it stands by one: it may be revoked.</param>
/// <param name="Turn">When that was looked at: <see cref="Revocations.Turn"/>.</param>
internal sealed record Permission(
    RichError? Error = null, CloseReason? Close = null, DateTimeOffset? ExpiresAt = null, ReadOnlyMemory<byte> Info = default, PresentedToken? Token = null, int Turn = 0)
{
    public static readonly Permission Granted = new();
    public static readonly Permission Denied = new(RichError.PermissionDenied);

    public bool IsGranted => Error is null && Close is null;
}

internal sealed record RpcAnswer(ReadOnlyMemory<byte> Data, RichError? Error = null);
