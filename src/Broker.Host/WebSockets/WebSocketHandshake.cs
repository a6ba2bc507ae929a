using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.Primitives;

namespace Broker.Host.WebSockets;

/// <summary>
/// The opening handshake: <see cref="Check"/> judges the request, <see cref="AcceptAsync"/> upgrades it, and identity and policy stand between the two. Over HTTP/1.1 it is
/// RFC 6455's upgrade, over HTTP/2 RFC 8441's extended CONNECT. No extensions.
/// </summary>
internal static class WebSocketHandshake
{
    private const string Version = "13";
    private const int KeyChars = 24;
    private const int KeyBytes = 16;

    private static readonly HandshakeRefusal NoUpgrade = BadRequest("Client does not wish to upgrade to a websocket");

    private static readonly HandshakeRefusal WrongVersion = new(
        StatusCodes.Status426UpgradeRequired, $"Sec-WebSocket-Version must be {Version}", new("Sec-WebSocket-Version", Version));

    /// <summary>Null for a request that may be accepted, otherwise the answer that it deserves. Changes nothing.</summary>
    public static HandshakeRefusal? Check(HttpContext context)
    {
        var request = context.Request;
        if (IsExtendedConnect(context)) return CheckVersion(request);

        if (!HttpMethods.IsGet(request.Method)) return BadRequest("HTTP method must be a GET");
        if (!HttpProtocol.IsHttp11(request.Protocol)) return BadRequest("HTTP server protocol must be 1.1");
        if (!HasToken(request.Headers.Upgrade, "websocket")) return NoUpgrade;
        if (!HasToken(request.Headers.Connection, "upgrade")) return BadRequest("Connection header must contain Upgrade");

        if ((CheckVersion(request) ?? CheckKey(request)) is { } refusal) return refusal;

        return context.Features.Get<IHttpUpgradeFeature>() is { IsUpgradableRequest: true } ? null : NoUpgrade;
    }

    /// <summary>
    /// The subprotocol to choose: the first offered one that is supported, null if there is none.
    /// </summary>
    /// <param name="supported">Null supports any: ws4redis agreed to whatever was offered, and browsers give up where nothing is chosen.</param>
    public static string? ChooseSubprotocol(HttpRequest request, IReadOnlyCollection<string>? supported)
    {
        foreach (var value in request.Headers.SecWebSocketProtocol)
        {
            foreach (var offered in (value ?? "").Split(',', StringSplitOptions.TrimEntries))
            {
                if (IsToken(offered) && supported?.Contains(offered) != false) return offered;
            }
        }

        return null;
    }

    /// <summary>Answers 101 and takes the connection over. Only for a request that passed <see cref="Check"/>; once.</summary>
    /// <param name="subprotocol">One that the client offered, or null.</param>
    public static async Task<WebSocketPipe> AcceptAsync(HttpContext context, string? subprotocol)
    {
        // A websocket is neither a request body of limited size nor a request of limited time.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } body) body.MaxRequestBodySize = null;
        context.Features.Get<IHttpRequestTimeoutFeature>()?.DisableTimeout();

        if (subprotocol is not null) context.Response.Headers.SecWebSocketProtocol = subprotocol;
        return IsExtendedConnect(context) ? await AcceptConnectAsync(context) : await AcceptUpgradeAsync(context);
    }

    /// <summary>Carries an accepted websocket to its end: within the request, or by whoever takes it over.</summary>
    public static Task CarryAsync(HttpContext context, Func<Task> websocket)
    {
        if (context.Features.Get<IWebSocketHandOver>() is not { } door) return websocket();

        door.Take(websocket);
        return Task.CompletedTask;
    }

    private static async Task<WebSocketPipe> AcceptUpgradeAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.Connection = "Upgrade";
        headers.Upgrade = "websocket";
        headers.SecWebSocketAccept = AcceptKey(context.Request.Headers.SecWebSocketKey.ToString());

        var stream = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        var transport = context.Features.Get<IConnectionTransportFeature>();
        var connection = context.Features.Get<IConnectionLifetimeFeature>();

        return transport is not null && connection is not null
            ? new WebSocketPipe(transport.Transport.Input, context.Features.Get<IWebSocketHandOver>()?.Output ?? transport.Transport.Output, connection)
            : new WebSocketPipe(stream, context.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>());
    }

    private static async Task<WebSocketPipe> AcceptConnectAsync(HttpContext context)
    {
        var stream = await context.Features.GetRequiredFeature<IHttpExtendedConnectFeature>().AcceptAsync();
        return new WebSocketPipe(stream, context.Features.GetRequiredFeature<IHttpRequestLifetimeFeature>());
    }

    private static bool IsExtendedConnect(HttpContext context) =>
        context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true, Protocol: "websocket" };

    private static HandshakeRefusal? CheckVersion(HttpRequest request) =>
        request.Headers.SecWebSocketVersion.ToString() == Version ? null : WrongVersion;

    private static HandshakeRefusal? CheckKey(HttpRequest request)
    {
        var key = request.Headers.SecWebSocketKey.ToString();
        if (key.Length == 0) return BadRequest("Sec-WebSocket-Key header is missing/empty");

        var isKey = key.Length == KeyChars && Base64.IsValid(key, out var bytes) && bytes == KeyBytes;
        return isKey ? null : BadRequest("Invalid Sec-WebSocket-Key");
    }

    [SuppressMessage("Security", "CA5350", Justification = "RFC 6455 demands SHA-1; it proves nothing but that this server speaks websocket.")]
    private static string AcceptKey(string key) =>
        Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));

    private static bool HasToken(StringValues header, string token)
    {
        foreach (var value in header)
        {
            foreach (var part in value.AsSpan().Split(','))
            {
                if (value.AsSpan(part).Trim().Equals(token, StringComparison.OrdinalIgnoreCase)) return true;
            }
        }

        return false;
    }

    /// <summary>A token of RFC 9110, 5.6.2: anything else must not get into a header.</summary>
    private static bool IsToken(string text) => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || "!#$%&'*+-.^_`|~".Contains(c));

    private static HandshakeRefusal BadRequest(string text) => new(StatusCodes.Status400BadRequest, text);
}
