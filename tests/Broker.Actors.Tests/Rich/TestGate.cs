using Broker.Actors.Audiences;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Rich;
using Broker.Actors.Rich.Protocol;

namespace Broker.Actors.Tests.Rich;

/// <summary>Lets everybody do everything, unless the test says otherwise.</summary>
internal sealed class TestGate : IClientGate
{
    public string? User { get; init; }

    public string Origin { get; init; } = "";

    public IReadOnlyList<ChannelName> ServerSubscriptions { get; init; } = [];

    public DateTimeOffset? ExpiresAt { get; init; }

    public Func<Connect, Admission>? OnConnect { get; init; }

    public Func<string, Admission>? OnRefresh { get; init; }

    public Func<ChannelName, string, Task<Permission>>? OnSubscribe { get; init; }

    public Func<ChannelName, Permission>? OnPublish { get; init; }

    public Func<ChannelName, Permission>? OnRead { get; init; }

    public CloseReason? TakenBack { get; set; }

    /// <summary>By their tokens.</summary>
    public IReadOnlyList<string> SubscriptionsTakenBack { get; set; } = [];

    public List<string> Sent { get; } = [];

    public Identity Identity => new(new Caller(User, [], null), Origin, default, ExpiresAt, null, ServerSubscriptions, default);

    // Never at once, as a token's check or an application's code is.
    public async ValueTask<Admission> ConnectAsync(Connect connect)
    {
        await Task.Yield();
        return OnConnect?.Invoke(connect) ?? new Admission(Identity);
    }

    public ValueTask<Admission> RefreshAsync(string token) => new(OnRefresh?.Invoke(token) ?? new Admission(Identity));

    public ValueTask<CloseReason?> LookAgainAsync() => new(TakenBack);

    public ValueTask<bool> LookAgainAsync(Permission permission) => new(permission.Token is { } token && SubscriptionsTakenBack.Contains(token.Id));

    public async ValueTask<Permission> SubscribeAsync(ChannelName channel, string token) => OnSubscribe is null ? Permission.Granted : await OnSubscribe(channel, token);

    public ValueTask<Permission> PublishAsync(ChannelName channel) => new(OnPublish?.Invoke(channel) ?? Permission.Granted);

    public ValueTask<Permission> ReadAsync(ChannelName channel) => new(OnRead?.Invoke(channel) ?? Permission.Granted);

    public async ValueTask<RpcAnswer> CallAsync(Rpc rpc)
    {
        await Task.Yield();
        return rpc.Method == "echo" ? new RpcAnswer(rpc.Data) : new RpcAnswer(default, RichError.MethodNotFound);
    }

    public ValueTask<bool> SendAsync(Send send)
    {
        lock (Sent) Sent.Add(System.Text.Encoding.UTF8.GetString(send.Data.Span));
        return new(true);
    }
}
