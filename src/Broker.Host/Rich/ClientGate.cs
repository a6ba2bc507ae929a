using Broker.Actors.Audiences;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Redis;
using Broker.Actors.Rich;
using Broker.Actors.Rich.Protocol;
using Broker.Host.Clients;
using Broker.Host.Identity;
using Broker.Host.Policy;
using Admission = Broker.Actors.Rich.Admission;

namespace Broker.Host.Rich;

/// <summary>Who one rich client is and what it may do: by the token that it presents, or else by the request that it came with.</summary>
/// <param name="request">What came of the request: its identity, or why it has none.</param>
/// <param name="cookie">The session key of the request's cookie.</param>
/// <param name="longest">Characters of a facility's name, and of an owner's.</param>
internal sealed class ClientGate(
    OrRefusal<Identified> request, string? cookie, Comer comer, int longest, TokenDesk tokens, ChannelRights rights, ApplicationCalls calls) : IClientGate
{
    private Identified _client = new(Caller.Anonymous);
    private string _origin = "";

    public async ValueTask<Admission> ConnectAsync(Connect connect)
    {
        if (connect.Token.Length == 0 || tokens.IsClosed) return AdmitByRequest(connect);

        var turn = tokens.Turn;
        return await tokens.ReadConnectionAsync(connect.Token, cookie) switch
        {
            ({ } token, _) => Admit(token, turn, ClientInstance.OriginOf(connect.Data, token.Caller.User)),
            (_, TokenProblem.Invalid) => Closed(CloseReason.InvalidToken),
            (_, TokenProblem.Expired) => Failed(RichError.TokenExpired),
            _ => Failed(RichError.Internal),
        };
    }

    public async ValueTask<Admission> RefreshAsync(string token)
    {
        if (tokens.IsClosed) return Failed(RichError.NotAvailable);

        var turn = tokens.Turn;
        return await tokens.ReadConnectionAsync(token, cookie) switch
        {
            ({ } fresh, _) when fresh.Caller.User == _client.Caller.User => Admit(fresh, turn, _origin),
            ({ }, _) or (_, TokenProblem.Invalid) => Closed(CloseReason.InvalidToken),

            // It has come too late already: it connects again, hears 109 and asks for another one.
            (_, TokenProblem.Expired) => Closed(CloseReason.Expired),
            _ => Failed(RichError.Internal),
        };
    }

    public ValueTask<CloseReason?> LookAgainAsync() => tokens.LookAgainAsync(_client);

    public async ValueTask<Permission> SubscribeAsync(ChannelName channel, string token)
    {
        if (Unfit(channel) is { } unfit) return unfit;
        if (token.Length == 0 || tokens.IsClosed) return await AskAsync(channel, WordUse.Subscribe);

        var turn = tokens.Turn;
        return await tokens.ReadSubscriptionAsync(token) switch
        {
            ({ } valid, _) when valid.Presented.User == _client.Caller.User && valid.Channel == channel.ToRedis("") =>
                new Permission(ExpiresAt: valid.ExpiresAt, Info: valid.Info, Token: valid.Presented, Turn: turn),
            (_, TokenProblem.Expired) => new Permission(RichError.TokenExpired),
            (_, TokenProblem.Unknown) => new Permission(RichError.Internal),
            _ => Permission.Denied,
        };
    }

    public ValueTask<bool> LookAgainAsync(Permission permission) => tokens.LookAgainAsync(permission);

    public async ValueTask<Permission> PublishAsync(ChannelName channel) => Unfit(channel) ?? await AskAsync(channel, WordUse.Publish);

    public async ValueTask<Permission> ReadAsync(ChannelName channel) => Unfit(channel) ?? await AskAsync(channel, WordUse.Subscribe);

    public ValueTask<RpcAnswer> CallAsync(Rpc rpc) => calls.CallAsync(new ClientRpc(_client.Caller, rpc.Method, rpc.Data));

    public ValueTask<bool> SendAsync(Send send) => calls.TellAsync(new ClientMessage(_client.Caller, send.Data));

    private static Admission Failed(RichError error) => new(null, Error: error);

    private static Admission Closed(CloseReason reason) => new(null, Close: reason);

    private Admission AdmitByRequest(Connect connect)
    {
        if (request.Refusal is { } refusal)
            return refusal.Status == StatusCodes.Status401Unauthorized ? Closed(CloseReason.InvalidToken) : Failed(RichError.Internal);

        // A client of ws4redis mode is taken as it is while Redis is away, because it would see a refusal only; this one comes again by itself, and is certain then.
        if (!request.Value!.IsCertain) return Failed(RichError.Internal);

        _client = request.Value;
        _origin = ClientInstance.OriginOf(connect.Data, _client.Caller.User);
        return new Admission(new Actors.Rich.Identity(_client.Caller, _origin, default, ExpiresAt: null, _client.Token, [], default));
    }

    private Admission Admit(ConnectionToken token, int turn, string origin)
    {
        ChannelName[] channels = [.. token.Channels.Select(ChannelName.Parse)];
        if (channels.Any(channel => Unfit(channel) is not null)) return Failed(RichError.UnknownChannel);

        _client = new Identified(token.Caller, Token: token.Presented, Turn: turn);
        _origin = origin;
        return new Admission(new Actors.Rich.Identity(token.Caller, origin, token.Info, token.ExpiresAt, token.Presented, channels, default));
    }

    private async ValueTask<Permission> AskAsync(ChannelName channel, WordUse use) => await rights.DecideAsync(comer, _client, channel, use) switch
    {
        ChannelVerdict.Allowed => Permission.Granted,
        ChannelVerdict.Denied => Permission.Denied,
        _ => new Permission(RichError.Internal),
    };

    /// <summary>Null for a name that a client may use at all.</summary>
    private Permission? Unfit(ChannelName channel)
    {
        if (channel.Kind == ChannelKind.Raw || RedisKeys.NamesCompanion(channel.Facility)) return new Permission(RichError.UnknownChannel);
        return channel.Facility.Length > longest || channel.Owner?.Length > longest ? new Permission(RichError.BadRequest) : null;
    }
}
