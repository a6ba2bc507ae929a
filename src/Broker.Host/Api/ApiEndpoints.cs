using Broker.Hocon;

namespace Broker.Host.Api;

/// <summary>What servers and administrators ask, with <c>broker.api-key</c>: <c>POST /api/{method}</c>, <c>/api/connections</c>, <c>GET /api/cluster</c>. Without a key nothing of it is there.</summary>
internal static class ApiEndpoints
{
    /// <exception cref="HoconException">A setting is wrong.</exception>
    public static IServiceCollection AddApi(this IServiceCollection services, HoconObject configuration)
    {
        services.AddSingleton(ApiKey.Read(configuration));
        services.AddSingleton(ApiSettings.Read(configuration));
        services.AddSingleton<ApiRequests>();
        return services;
    }

    public static void MapApi(this IEndpointRouteBuilder routes)
    {
        var key = routes.ServiceProvider.GetRequiredService<ApiKey>();
        if (!key.IsSet) return;

        var requests = routes.ServiceProvider.GetRequiredService<ApiRequests>();
        routes.MapPost("/api", requests.ServeCommandAsync);
        routes.MapPost("/api/{method}", requests.ServeMethodAsync);
        routes.MapGet("/api/connections", requests.ListConnectionsAsync);
        routes.MapDelete("/api/connections", requests.KickAsync);
        routes.MapGet("/api/cluster", context => AnswerAsync(context, key));
    }

    private static async Task AnswerAsync(HttpContext context, ApiKey key)
    {
        context.Response.Headers.CacheControl = "no-store";
        if (key.Check(context.Request) is { } refusal)
        {
            await refusal.WriteAsync(context);
            return;
        }

        var node = context.RequestServices.GetRequiredService<BrokerHost>().Node;
        await context.Response.WriteAsJsonAsync(await node.LookAtClusterAsync(), context.RequestAborted);
    }
}
