using Broker.Actors.Settings;
using Broker.Hocon;
using Microsoft.Extensions.Primitives;

namespace Broker.Host.Policy;

/// <summary>
/// Which pages may act on behalf of the browser's user: <c>broker.allowed-origins</c>. A client without an Origin header is no page.
/// </summary>
internal sealed class Origins
{
    private const string Any = "*";

    private readonly HashSet<string> _allowed;

    private Origins(HashSet<string> allowed) => _allowed = allowed;

    /// <exception cref="HoconException">Something is no origin.</exception>
    public static Origins Read(HoconValue value) => new([.. value.AsList().Select(ReadOne)]);

    /// <summary>Whether pages of this origin are named, other than those of the server's own host.</summary>
    public bool Lists(string origin) => _allowed.Contains(Any) || (Parse(origin) is { } page && _allowed.Contains(Normal(page)));

    /// <summary>For a websocket: browsers always send its Origin.</summary>
    public bool AllowSocket(HttpRequest request) => StringValues.IsNullOrEmpty(request.Headers.Origin) || Allow(request);

    /// <summary>
    /// For a publish by POST. Browsers name the page of a POST, by Origin or at least by Sec-Fetch-Site; what names neither is no browser, unless it brings cookies: an old
    /// browser might, on behalf of any page.
    /// </summary>
    public bool AllowPost(HttpRequest request)
    {
        if (!StringValues.IsNullOrEmpty(request.Headers.Origin) || _allowed.Contains(Any)) return Allow(request);

        var site = request.Headers["Sec-Fetch-Site"].ToString();
        return site is "same-origin" or "none" || (site.Length == 0 && StringValues.IsNullOrEmpty(request.Headers.Cookie));
    }

    private static string ReadOne(HoconValue value)
    {
        var text = value.AsString();
        if (text == Any) return Any;

        return Parse(text) is { PathAndQuery: "/" or "", Fragment: "", UserInfo: "" } origin && !text.EndsWith('/')
            ? Normal(origin)
            : throw HoconChecks.Wrong(value, $"'{text}' is no origin such as https://example.com, nor \"*\"");
    }

    private static Uri? Parse(string origin) => Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Host.Length > 0 ? uri : null;

    private static string Normal(Uri origin) => $"{origin.Scheme}://{origin.IdnHost}:{origin.Port}".ToLowerInvariant();

    private bool Allow(HttpRequest request)
    {
        if (_allowed.Contains(Any)) return true;
        if (request.Headers.Origin is not [{ } text] || Parse(text) is not { } origin) return false;

        return _allowed.Count > 0 ? Lists(text) : IsSameHost(origin, request.Host);
    }

    /// <summary>The scheme is not compared: behind a proxy that ends TLS this server does not know its own.</summary>
    private static bool IsSameHost(Uri origin, HostString host)
    {
        if (!host.HasValue || Parse($"{origin.Scheme}://{host.Value}") is not { } own) return false;
        return own.IdnHost.Equals(origin.IdnHost, StringComparison.OrdinalIgnoreCase) && own.Port == origin.Port;
    }
}
