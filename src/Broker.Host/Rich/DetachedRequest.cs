using Microsoft.AspNetCore.Http.Features;

namespace Broker.Host.Rich;

/// <summary>
/// The request that a client came with, as it is kept for the application's policy: a server takes its own back, or uses it for the next request, once the websocket is there.
/// </summary>
internal static class DetachedRequest
{
    /// <summary>Path, query, headers, addresses, route values and user; no body, and nothing that it is answered with goes anywhere.</summary>
    public static HttpContext Of(HttpContext context)
    {
        var (from, copy) = (context.Request, new DefaultHttpContext { User = context.User, TraceIdentifier = context.TraceIdentifier });
        var to = copy.Request;
        (to.Method, to.Scheme, to.Host, to.PathBase, to.Path, to.QueryString, to.Protocol) =
            (from.Method, from.Scheme, from.Host, from.PathBase, from.Path, from.QueryString, from.Protocol);
        foreach (var (name, value) in from.Headers) to.Headers[name] = value;
        foreach (var (name, value) in from.RouteValues) to.RouteValues[name] = value;
        foreach (var (key, value) in context.Items) copy.Items[key] = value;
        if (context.GetEndpoint() is { } endpoint) copy.SetEndpoint(endpoint);

        var (there, here) = (context.Connection, copy.Connection);
        (here.Id, here.RemoteIpAddress, here.RemotePort, here.LocalIpAddress, here.LocalPort, here.ClientCertificate) =
            (there.Id, there.RemoteIpAddress, there.RemotePort, there.LocalIpAddress, there.LocalPort, there.ClientCertificate);
        if (context.Features.Get<IHttpRequestFeature>() is { RawTarget: { } target }) copy.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget = target;
        return copy;
    }
}
