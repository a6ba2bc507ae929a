namespace Broker.Host.Metrics;

/// <summary><c>GET /metrics</c> for Prometheus. Holds counts, never the name of a channel, a user or a host.</summary>
internal static class MetricsEndpoint
{
    public static void MapMetrics(this IEndpointRouteBuilder routes) => routes.MapGet("/metrics", context =>
    {
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(context.RequestServices.GetRequiredService<MetricsCollector>().Write());
    });
}
