using System.Text;
using System.Text.Json;
using Broker.Actors.Audiences;
using Broker.Host.Clients;

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
        var services = context.RequestServices;
        var clients = services.GetRequiredService<ClientSettings>();
        // A page that is refused as a client is nobody; it sees that when it connects.
        var caller = (await services.GetRequiredService<Admission>().IdentifyAsync(context)).Value?.Caller ?? Caller.Anonymous;
        var isDevelopment = services.GetRequiredService<IHostEnvironment>().IsDevelopment();
        var content = new Content(
            context.Request.PathBase + clients.Path,
            clients.HeartbeatText is { } heartbeat ? Encoding.UTF8.GetString(heartbeat.Span) : null,
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
