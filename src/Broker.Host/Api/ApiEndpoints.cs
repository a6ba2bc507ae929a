namespace Broker.Host.Api;

/// <summary>What servers and administrators ask, with <c>broker.api-key</c>: <c>GET /api/cluster</c>. Without a key it is not there.</summary>
internal static class ApiEndpoints
{
    public static void MapApi(this IEndpointRouteBuilder routes)
    {
        var key = routes.ServiceProvider.GetRequiredService<ApiKey>();
        if (!key.IsSet) return;

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
