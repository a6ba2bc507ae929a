using Broker.Host.Clients;
using Broker.Host.Identity;

namespace Broker.Host.Rich;

/// <summary>Makes the gate of each rich client, from the request that it comes with.</summary>
internal sealed class ClientGates(ClientSettings settings, IdentityChain identity, TokenDesk tokens, ChannelRights rights, ApplicationCalls calls, IServiceScopeFactory scopes)
{
    /// <summary>
    /// Never refuses: who cannot be let in hears it on the websocket, because a client that is refused over HTTP tries again for ever.
    /// </summary>
    public async ValueTask<ClientGate> OpenAsync(HttpContext context)
    {
        // The websocket lasts for hours; what an application's scoped resolvers hold must not.
        await using var scope = scopes.CreateAsyncScope();
        var client = await identity.IdentifyAsync(context, scope.ServiceProvider);
        return new ClientGate(client, identity.SessionCookie(context.Request), rights.Remember(context), settings.FacilityLength, tokens, rights, calls);
    }
}
