using Broker.Actors.Channels;
using Broker.Host.Identity;
using Broker.Host.Policy;

namespace Broker.Host.Rich;

/// <summary>A rich client as the application's policy may see it, for as long as it is there.</summary>
/// <param name="IsOpen">No rule counts for it.</param>
/// <param name="Request">What it came with; of no use where there is no policy.</param>
internal readonly record struct Comer(bool IsOpen, HttpContext Request);

/// <summary>What rich clients may do on channels, asked long after their requests: each time with services of its own.</summary>
internal sealed class ChannelRights(ChannelAccess access, AccessRules rules, IServiceScopeFactory scopes, IServiceProviderIsService registered)
{
    private static readonly HttpContext NoRequest = new DefaultHttpContext();

    private readonly bool _hasPolicy = registered.IsService(typeof(IChannelPolicy));

    /// <summary>A copy of the request is kept only where somebody will look at it.</summary>
    public Comer Remember(HttpContext context) => new(rules.IsOpenTo(context), _hasPolicy ? DetachedRequest.Of(context) : NoRequest);

    public async ValueTask<ChannelVerdict> DecideAsync(Comer comer, Identified client, ChannelName channel, WordUse use)
    {
        await using var scope = scopes.CreateAsyncScope();
        if (_hasPolicy) comer.Request.RequestServices = scope.ServiceProvider;
        return await access.DecideAsync(new Asker(client, comer.IsOpen, comer.Request, scope.ServiceProvider, CancellationToken.None), channel, use);
    }
}
