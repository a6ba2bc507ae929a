using Broker.Actors.Audiences;

namespace Broker.Host.Identity;

/// <summary>
/// Says who a client is, in an application's own way. Register it in the services; several are asked in their order, before Broker's own: the application's signed-in
/// user, a token, the session cookie. It may be scoped: its scope ends when the client is known, not with its websocket.
/// </summary>
/// <remarks>
/// One that throws, or takes longer than <c>broker.callback-timeout</c>, denies the client with 503; the client sees nothing of the exception. The
/// <see cref="HttpContext"/> must not be used after the cancellation.
/// </remarks>
/// <example><code>builder.Services.AddSingleton&lt;IIdentityResolver, ApiKeys&gt;();</code></example>
public interface IIdentityResolver
{
    /// <summary>Who sent the request.</summary>
    /// <returns>Null: not known here, the next one is asked. <see cref="Caller.Anonymous"/>: nobody, and nobody else is asked.</returns>
    ValueTask<Caller?> ResolveAsync(HttpContext context, CancellationToken cancellation);
}
