using Broker.Actors.Redis;
using Broker.Host.WebSockets;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Broker.Host.Clients;

/// <summary>
/// The facility in a request's path: all that stands after the route's prefix, percent-decoded once. Read from the request line, because the server's own decoding keeps
/// <c>%2F</c> and takes dot segments out.
/// </summary>
internal static class FacilityPath
{
    public const string Parameter = "{**facility}";

    private static readonly HandshakeRefusal Malformed = Refusals.BadRequest("The path is not percent-encoded UTF-8");
    private static readonly HandshakeRefusal DotSegments = Refusals.BadRequest("The path must not hold dot segments");
    private static readonly HandshakeRefusal Reserved = Refusals.BadRequest("The facility's name is reserved");
    private static readonly HandshakeRefusal TooLong = new(StatusCodes.Status414UriTooLong, "The facility's name is too long") { Limit = "facility-length" };

    /// <param name="context">A request that a route ending with <see cref="Parameter"/> was chosen for.</param>
    /// <param name="longest">Characters.</param>
    public static OrRefusal<string> Read(HttpContext context, int longest)
    {
        if (!PercentEncoding.TryDecode(RawPath(context), out var path)) return Malformed;
        if (path.Split('/').Any(segment => segment is "." or "..")) return DotSegments;

        var prefix = Prefix(context);
        var facility = After(context.Request.PathBase.Value + prefix, path)
            ?? After(prefix, path)
            ?? After(prefix, context.Request.Path.Value ?? ""); // Rewritten by the application.
        if (facility is null) return Refusals.NotFound;
        if (RedisKeys.NamesCompanion(facility)) return Reserved;

        return facility.Length > longest ? TooLong : facility;
    }

    private static string? After(string prefix, string path) => path.StartsWith(prefix, StringComparison.Ordinal) ? path[prefix.Length..] : null;

    private static string Prefix(HttpContext context)
    {
        var route = (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "";
        return "/" + route[..^Parameter.Length].TrimStart('/');
    }

    /// <summary>The request line's path as it was sent: without the query, and without scheme and host, which a proxy may leave there.</summary>
    private static ReadOnlySpan<char> RawPath(HttpContext context)
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        if (string.IsNullOrEmpty(target)) return context.Request.Path.ToUriComponent();

        var path = target.AsSpan();
        if (path[0] != '/' && path.IndexOf("://") is var scheme and > 0)
        {
            path = path[(scheme + 3)..];
            path = path.IndexOf('/') is var slash and >= 0 ? path[slash..] : "/";
        }

        return path.IndexOf('?') is var query and >= 0 ? path[..query] : path;
    }
}
