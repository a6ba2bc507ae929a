using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Broker.Actors.Redis;
using Broker.Host.Clients;
using Microsoft.AspNetCore.Http.Features;

namespace Broker.Host.Pages;

/// <summary>
/// <c>POST /demo/login</c> and <c>/demo/logout</c>: a log-in without a password, for the demo page. In Development, from this machine, by pages of this server.
/// </summary>
internal static class DemoLogin
{
    private const int MaxBody = 1024;

    private static readonly TimeSpan SessionLasts = TimeSpan.FromHours(12);

    public static void MapDemoLogin(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/demo/login", context => AnswerAsync(context, LoginAsync));
        routes.MapPost("/demo/logout", context => AnswerAsync(context, LogoutAsync));
    }

    private static async Task AnswerAsync(HttpContext context, Func<HttpContext, Task<int>> action)
    {
        if (!IsLocal(context) || !IsOwnPage(context.Request))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return;
        }

        context.Response.Headers.CacheControl = "no-store";
        try
        {
            context.Response.StatusCode = await action(context);
        }
        catch (RedisUnavailableException)
        {
            context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        }
    }

    private static async Task<int> LoginAsync(HttpContext context)
    {
        if (await ReadUserAsync(context) is not { } user || DemoUsers.GroupsOf(user) is not { } groups) return StatusCodes.Status400BadRequest;

        var node = context.RequestServices.GetRequiredService<BrokerHost>().Node;
        await ForgetAsync(context);
        var key = RandomNumberGenerator.GetHexString(32, lowercase: true);
        await node.SignInAsync(key, user, groups, SessionLasts);

        context.Response.Cookies.Append(CookieName(context), key, Cookie(context));
        return StatusCodes.Status204NoContent;
    }

    private static async Task<int> LogoutAsync(HttpContext context)
    {
        await ForgetAsync(context);
        context.Response.Cookies.Delete(CookieName(context), Cookie(context));
        return StatusCodes.Status204NoContent;
    }

    private static async Task ForgetAsync(HttpContext context)
    {
        var node = context.RequestServices.GetRequiredService<BrokerHost>().Node;
        if (context.Request.Cookies[CookieName(context)] is { Length: > 0 } key) await node.SignOutAsync(key);
    }

    private static string CookieName(HttpContext context) => context.RequestServices.GetRequiredService<ClientSettings>().SessionCookie;

    private static CookieOptions Cookie(HttpContext context) =>
        new() { HttpOnly = true, SameSite = SameSiteMode.Lax, Path = "/", Secure = context.Request.IsHttps, IsEssential = true };

    /// <summary>Null if the body names none.</summary>
    private static async Task<string?> ReadUserAsync(HttpContext context)
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } body) body.MaxRequestBodySize = MaxBody;

        try
        {
            if (context.Request.HasFormContentType) return (await context.Request.ReadFormAsync())["user"];
            if (!context.Request.HasJsonContentType()) return null;

            using var json = await JsonDocument.ParseAsync(context.Request.Body);
            return json.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("user", out var user)
                && user.ValueKind == JsonValueKind.String ? user.GetString() : null;
        }
        catch (Exception exception) when (exception is JsonException or InvalidDataException or BadHttpRequestException)
        {
            return null;
        }
    }

    /// <summary>The name too must be this machine's: a page of the internet can give its own name our address.</summary>
    private static bool IsLocal(HttpContext context)
    {
        var host = context.Request.Host.Host;
        var isLocalName = host == "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
        return isLocalName && context.Connection.RemoteIpAddress is { } remote && IPAddress.IsLoopback(remote);
    }

    /// <summary>Browsers say where a request comes from; who says nothing is no browser, and has no cookies to abuse.</summary>
    private static bool IsOwnPage(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        var origin = request.Headers.Origin.ToString();
        return site is "" or "same-origin" && (origin.Length == 0 || origin == $"{request.Scheme}://{request.Host}");
    }
}
