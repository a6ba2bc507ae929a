using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing.Matching;

namespace Broker.Host.Clients;

/// <summary>Metadata of an endpoint that is only there for websockets: other requests of its path go on to pages.</summary>
internal sealed class UpgradeOnly
{
    public static readonly UpgradeOnly Instance = new();
}

/// <summary>Takes endpoints with <see cref="UpgradeOnly"/> out of the choice for requests that do not want a websocket.</summary>
internal sealed class UpgradeOnlyPolicy : MatcherPolicy, IEndpointSelectorPolicy
{
    public override int Order => 0;

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) => endpoints.Any(IsUpgradeOnly);

    public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates)
    {
        if (WantsUpgrade(httpContext)) return Task.CompletedTask;

        for (var i = 0; i < candidates.Count; i++)
            if (candidates.IsValidCandidate(i) && IsUpgradeOnly(candidates[i].Endpoint)) candidates.SetValidity(i, false);

        return Task.CompletedTask;
    }

    private static bool IsUpgradeOnly(Endpoint endpoint) => endpoint.Metadata.GetMetadata<UpgradeOnly>() is not null;

    private static bool WantsUpgrade(HttpContext context) =>
        context.Request.Headers.Upgrade.ToString().Contains("websocket", StringComparison.OrdinalIgnoreCase)
        || context.Features.Get<IHttpExtendedConnectFeature>() is { IsExtendedConnect: true };
}
