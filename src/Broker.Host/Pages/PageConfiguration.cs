using System.Text.Json;
using Broker.Actors.Audiences;

namespace Broker.Host.Pages;

/// <summary>
/// <c>/broker-config.js</c>: what a page must know to use broker.js, and who its user is. Never cached, and no script of another origin: it names the user.
/// </summary>
internal static class PageConfiguration
{
    // The default encoder writes no <, > or &, so that the text is harmless wherever it is pasted.
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    public static void MapPageConfiguration(this IEndpointRouteBuilder routes, HostSettings settings) => routes.MapGet("/broker-config.js", async context =>
    {
        var caller = await PageCaller.OfAsync(context);
        var isDevelopment = context.RequestServices.GetRequiredService<IHostEnvironment>().IsDevelopment();
        var content = new Content(
            context.Request.PathBase + settings.WebSocketPath,
            settings.Heartbeat,
            caller.User,
            caller.Groups,
            caller.SessionKey is not null,
            isDevelopment,
            settings.ShowsDemoLogin ? DemoUsers.Names : []);

        var headers = context.Response.Headers;
        PageFiles.SetSecurityHeaders(headers);
        headers.CacheControl = "no-store";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        context.Response.ContentType = "text/javascript; charset=utf-8";
        await context.Response.WriteAsync($"window.BROKER_CONFIG = {JsonSerializer.Serialize(content, Json)};\n");
    });

    private sealed record Content(
        string WebsocketPath, string? Heartbeat, string? User, IReadOnlyList<string> Groups, bool Session, bool Development, IReadOnlyList<string> Users);
}
