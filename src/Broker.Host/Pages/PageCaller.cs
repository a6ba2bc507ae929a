using Broker.Actors.Audiences;

namespace Broker.Host.Pages;

/// <summary>Who a page's request comes from.</summary>
internal static class PageCaller
{
    public static Task<Caller> OfAsync(HttpContext context)
    {
        var settings = context.RequestServices.GetRequiredService<HostSettings>();
        var node = context.RequestServices.GetRequiredService<BrokerHost>().Node;
        return context.Request.Cookies[settings.SessionCookie] is { Length: > 0 } key ? node.Sessions.FindAsync(key) : Task.FromResult(Caller.Anonymous);
    }
}
