using Microsoft.AspNetCore.Cors.Infrastructure;

namespace Broker.Host.Clients;

/// <summary>
/// What browsers want to hear before a page of another origin may read an answer, or send more than a plain text: which pages may is <c>broker.allowed-origins</c>.
/// </summary>
internal sealed class OtherOrigins(ClientSettings settings, ICorsService cors)
{
    private readonly CorsPolicy _pages = new CorsPolicyBuilder()
        .SetIsOriginAllowed(settings.Origins.Lists)
        .WithMethods(HttpMethods.Get, HttpMethods.Post)
        .AllowAnyHeader()
        .AllowCredentials()
        .Build();

    /// <summary>Adds it to the answer; before anything of that is written.</summary>
    public void Answer(HttpContext context) => cors.ApplyResult(cors.EvaluatePolicy(context, _pages), context.Response);
}
