using Broker.Actors.Audiences;
using Broker.Actors.Channels;
using Broker.Actors.Sessions;

namespace Broker.Actors.Connections;

/// <summary>An open connection as it is told to whoever may ask.</summary>
/// <param name="Client">Its id.</param>
/// <param name="User">Empty for an anonymous client.</param>
/// <param name="Session">Which session it belongs to, by the key's SHA-256 in hex; empty without one.</param>
/// <param name="TokenId">The token that it came with, if that has an id; otherwise empty.</param>
/// <param name="Protocol"><see cref="Ws4Redis"/>, <see cref="Rich"/> or <see cref="EventStream"/>.</param>
/// <param name="Channels">What it is subscribed to.</param>
/// <param name="Since">When it came.</param>
/// <param name="Name">What the client's library calls itself; empty where it does not.</param>
/// <param name="Version">The library's, or the application's that uses it.</param>
public sealed record ConnectedClient(
    string Client, string User, string Session, string TokenId, string Protocol, IReadOnlyList<ChannelName> Channels, DateTimeOffset Since, string Name, string Version)
{
    /// <summary>A websocket whose messages are payloads.</summary>
    public const string Ws4Redis = "ws4redis";

    /// <summary>A client of the Centrifuge protocol.</summary>
    public const string Rich = "rich";

    /// <summary>Server-sent events: a client that can only listen.</summary>
    public const string EventStream = "uni_sse";
}

/// <summary>A connection at one moment, as it stands there: very many are looked at for the few that fit, so nothing is hashed or made for it.</summary>
/// <param name="Token">The token that it came with.</param>
internal readonly record struct Sight(
    string Id, Caller Caller, PresentedToken? Token, string Protocol, IReadOnlyList<ChannelName> Channels, DateTimeOffset Since, string Name = "", string Version = "")
{
    /// <summary>Those that subscriptions of it stand by.</summary>
    public PresentedToken[] SubscriptionTokens { get; init; } = [];

    public string TokenId => Token?.Id ?? "";

    public string User => Caller.User ?? "";

    /// <summary>The key's hash, worked out each time.</summary>
    public string Session => Caller.SessionKey is { } key ? ChannelName.HashOf(key) : "";

    public ConnectedClient ToClient() => new(Id, User, Session, TokenId, Protocol, Channels, Since, Name, Version);
}
