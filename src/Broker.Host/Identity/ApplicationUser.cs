using System.Security.Claims;
using Broker.Actors.Audiences;

namespace Broker.Host.Identity;

/// <summary>The user whom the application's own ASP.NET authentication has signed in: the name is the user, the roles are the groups.</summary>
internal static class ApplicationUser
{
    /// <summary>Null when nobody with a name is signed in.</summary>
    /// <param name="principal">The request's user.</param>
    /// <param name="sessionClaim">The claim that holds the session key.</param>
    /// <param name="cookie">The session key of the request's cookie, for a user without the claim.</param>
    public static Caller? Of(ClaimsPrincipal principal, string sessionClaim, string? cookie)
    {
        var signedIn = principal.Identities.Where(identity => identity.IsAuthenticated).ToArray();
        if (signedIn.Select(NameOf).FirstOrDefault(name => !string.IsNullOrEmpty(name)) is not { } user) return null;

        var groups = signedIn.SelectMany(identity => identity.FindAll(identity.RoleClaimType)).Select(role => role.Value).Distinct().ToArray();
        var session = signedIn.Select(identity => identity.FindFirst(sessionClaim)?.Value).FirstOrDefault(key => !string.IsNullOrEmpty(key));
        return new Caller(user, groups, session ?? cookie);
    }

    private static string? NameOf(ClaimsIdentity identity) => identity.Name ?? identity.FindFirst(ClaimTypes.NameIdentifier)?.Value ?? identity.FindFirst("sub")?.Value;
}
