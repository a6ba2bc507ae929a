using System.Text;
using Broker.Actors.Channels;
using Broker.Actors.Rich;
using Broker.Actors.Rich.Protocol;
using Broker.Host.Rich;
using Broker.Host.Tests.Clients;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Broker.Host.Tests.Rich;

/// <summary>Gates of a real application, for requests that are made up.</summary>
internal static class Gates
{
    public const string Key = $"jwt.hs256 = \"{Jwt.Secret}\"";

    /// <summary>The gate of a client from the internet.</summary>
    public static async Task<ClientGate> GateAsync(this ClientServer server, params string[] headers)
    {
        await using var scope = server.Services.CreateAsyncScope();
        var context = new DefaultHttpContext { RequestServices = scope.ServiceProvider };
        context.Request.Method = "GET";
        context.Request.Path = "/connection/websocket";
        context.Connection.RemoteIpAddress = new(new byte[] { 203, 0, 113, 7 });
        foreach (var header in headers) context.Request.Headers.Append(header.Split(": ")[0], header.Split(": ")[1]);
        return await server.Services.GetRequiredService<ClientGates>().OpenAsync(context);
    }

    /// <summary>The gate of a client that is in.</summary>
    public static async Task<ClientGate> GateOfAsync(this ClientServer server, object claims)
    {
        var gate = await server.GateAsync();
        Assert.NotNull((await gate.ConnectAsync(Connect(Jwt.Hs256(claims)))).Identity);
        return gate;
    }

    public static Connect Connect(string token = "", string data = "") => new(1, token, Encoding.UTF8.GetBytes(data), "", "", new Dictionary<string, Resume>());

    public static ValueTask<Permission> SubscribeAsync(this IClientGate gate, string channel, object? claims = null) =>
        gate.SubscribeAsync(ChannelName.Parse(channel), claims is null ? "" : Jwt.Hs256(claims));

    public static ValueTask<Permission> PublishAsync(this IClientGate gate, string channel) => gate.PublishAsync(ChannelName.Parse(channel));
}
