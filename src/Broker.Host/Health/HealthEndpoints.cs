using System.Text;
using Broker.Actors.Nodes;

namespace Broker.Host.Health;

/// <summary>
/// <c>/health/live</c>: the process answers. <c>/health/ready</c>: it may be sent clients. For load balancers: anybody may ask, and a word is the answer.
/// </summary>
internal static class HealthEndpoints
{
    /// <summary>Load balancers give up after a second or two; ours is told before.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        // Some load balancers ask with HEAD.
        string[] methods = [HttpMethods.Get, HttpMethods.Head];
        routes.MapMethods("/health/live", methods, context => AnswerAsync(context, StatusCodes.Status200OK, "live"));
        routes.MapMethods("/health/ready", methods, ReadyAsync);
    }

    private static async Task ReadyAsync(HttpContext context)
    {
        var node = context.RequestServices.GetRequiredService<BrokerHost>().Node;
        var trouble = node.IsDraining ? "draining" : !await DoesRedisAnswerAsync(node) ? "redis does not answer" : node.IsMember ? null : "no member of the cluster";

        if (trouble is null) await AnswerAsync(context, StatusCodes.Status200OK, "ready");
        else await AnswerAsync(context, StatusCodes.Status503ServiceUnavailable, $"not ready: {trouble}");
    }

    private static async Task<bool> DoesRedisAnswerAsync(BrokerNode node)
    {
        try
        {
            return await node.IsRedisUpAsync().WaitAsync(Patience);
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static Task AnswerAsync(HttpContext context, int status, string text)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsync(text + "\n", Encoding.UTF8);
    }
}
