using System.Net;
using Broker.Actors.Audiences;
using Broker.Host.Clients;
using Microsoft.Extensions.Primitives;

namespace Broker.Host.Policy;

/// <summary><c>broker.access</c>.</summary>
internal enum AccessMode
{
    /// <summary>Open in Development on loopback, otherwise the rules.</summary>
    Default,

    /// <summary>Everything to everybody.</summary>
    Open,

    /// <summary>What the rules allow, everywhere.</summary>
    Rules,
}

/// <summary>What the configuration says of a word for a caller: the access mode, the first rule that fits, or what holds without one.</summary>
internal sealed class AccessRules
{
    private readonly ClientSettings _settings;
    private readonly bool _isDevelopment;

    /// <exception cref="Hocon.HoconException">A rule names a word that is not there.</exception>
    public AccessRules(ClientSettings settings, Vocabulary vocabulary, IHostEnvironment environment)
    {
        _settings = settings;
        _isDevelopment = environment.IsDevelopment();
        foreach (var rule in settings.Rules) rule.Check(vocabulary);
    }

    /// <summary>In Development an anonymous client that may do nothing gets its socket all the same, as from ws4redis.</summary>
    public bool RefusesIdleAnonymous => !_isDevelopment;

    /// <summary>Everything is open to whoever connects from this machine.</summary>
    public bool IsOpenOnLoopback => _isDevelopment && _settings.Access == AccessMode.Default;

    /// <summary>What holds without a rule and without a policy of the application's.</summary>
    public static Verdict Otherwise(Caller caller, AudienceWord word) =>
        caller.IsAuthenticated && word.Name != ClassicWords.PublishBroadcast && word != ClassicWords.PublishPeer ? Verdict.Allow : Verdict.Deny;

    /// <summary>No rule counts for this request.</summary>
    public bool IsOpenTo(HttpContext context) => _settings.Access == AccessMode.Open || (IsOpenOnLoopback && IsLocal(context));

    /// <summary>Null: no rule fits.</summary>
    public Verdict? Find(Caller caller, string facility, AudienceWord word) =>
        _settings.Rules.FirstOrDefault(rule => rule.Fits(caller, facility, word))?.Verdict;

    /// <summary>
    /// A proxy on this machine speaks for somebody else; a connection without an address (a Unix socket) is most likely one. And a page of the internet can give its own name
    /// this machine's address.
    /// </summary>
    private static bool IsLocal(HttpContext context)
    {
        var headers = context.Request.Headers;
        var isPage = !StringValues.IsNullOrEmpty(headers.Origin);
        return context.Connection.RemoteIpAddress is { } remote && IPAddress.IsLoopback(remote)
            && !headers.ContainsKey("X-Forwarded-For") && !headers.ContainsKey("Forwarded")
            && (!isPage || IsLocalName(context.Request.Host.Host));
    }

    private static bool IsLocalName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase) || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
