using Broker.Host.Identity;
using Broker.Host.Policy;
using Broker.Host.WebSockets;

namespace Broker.Host.Clients;

/// <summary>A client that is let in: who it is and what it may do.</summary>
internal sealed record Admitted(Identified Client, Grant Grant, bool Echo);

/// <summary>
/// The way in that all clients take, by websocket or by POST: who they are, what they ask for, what of it they may.
/// </summary>
internal sealed class Admission(
    ClientSettings settings, IdentityChain identity, Vocabulary vocabulary, ChannelAccess access, IServiceScopeFactory scopes)
{
    public static readonly HandshakeRefusal WrongOrigin = Refusals.Forbidden("Pages of this origin may not do this");

    private static readonly HandshakeRefusal NothingToPublish = Refusals.BadRequest("The query holds no word to publish");

    /// <summary>A websocket of a facility.</summary>
    public ValueTask<OrRefusal<Admitted>> AdmitSocketAsync(HttpContext context) => AdmitAsync(context, publishOnly: false);

    /// <summary>A POST that publishes; words that subscribe do not matter.</summary>
    public ValueTask<OrRefusal<Admitted>> AdmitPublishAsync(HttpContext context) => AdmitAsync(context, publishOnly: true);

    /// <summary>A websocket of a route that configuration has opened to everybody: only who it is.</summary>
    public async ValueTask<OrRefusal<Identified>> IdentifyAsync(HttpContext context)
    {
        // A websocket's request lasts for hours; what an application's scoped callbacks hold must not.
        await using var scope = scopes.CreateAsyncScope();
        return await identity.IdentifyAsync(context, scope.ServiceProvider);
    }

    /// <inheritdoc cref="IdentityChain.LookAgainAsync"/>
    public ValueTask<HandshakeRefusal?> LookAgainAsync(Identified client, CancellationToken aborted) => identity.LookAgainAsync(client, aborted);

    private async ValueTask<OrRefusal<Admitted>> AdmitAsync(HttpContext context, bool publishOnly)
    {
        var facility = FacilityPath.Read(context, settings.FacilityLength);
        if (facility.Refusal is { } misplaced) return misplaced;

        await using var scope = scopes.CreateAsyncScope();
        var client = await identity.IdentifyAsync(context, scope.ServiceProvider);
        if (client.Refusal is { } unknown) return unknown;

        var wishes = vocabulary.Read(context.Request.QueryString);
        if (wishes.Refusal is { } unreadable) return unreadable;

        var words = wishes.Value!.Words;
        if (publishOnly) words = [.. words.Where(word => word.Use == WordUse.Publish)];
        if (publishOnly && words.Count == 0) return NothingToPublish;

        var grant = await access.DecideAsync(context, scope.ServiceProvider, client.Value!, facility.Value!, words);
        if (grant.Refusal is { } denied) return denied;

        return new Admitted(client.Value!, grant.Value!, wishes.Value!.Echo);
    }
}
