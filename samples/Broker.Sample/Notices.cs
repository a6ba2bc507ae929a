using Broker.Actors.Audiences;
using Broker.Actors.Publishing;
using Broker.Host;
using Microsoft.AspNetCore.Authorization;

namespace Broker.Sample;

/// <summary>The server speaks to one user, wherever that user is connected.</summary>
internal static class Notices
{
    public static void MapNotices(this IEndpointRouteBuilder app) =>
        app.MapPost("/notify", NotifyAsync).RequireAuthorization(policy => policy.RequireRole("staff"));

    private static async Task<IResult> NotifyAsync(Notice notice, BrokerHost broker)
    {
        try
        {
            await broker.Node.Publisher("notices", Audience.Users(notice.User)).PublishAsync(notice.Text);
            return Results.NoContent();
        }
        catch (PublishException)
        {
            // Redis is away: what was not published is not hidden.
            return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
        }
    }

    private sealed record Notice(string User, string Text);
}
