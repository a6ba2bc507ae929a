using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;

namespace Broker.Sample;

/// <summary>Signs users in with ASP.NET Core's own cookies. Broker reads nothing but the signed-in user.</summary>
internal static class LogIn
{
    // Where yours asks a database.
    private static readonly Dictionary<string, string[]> Roles = new() { ["john"] = [], ["mary"] = [], ["boss"] = ["staff"] };

    public static void Configure(CookieAuthenticationOptions options)
    {
        // For fetch and websockets a status, no redirect to a page.
        options.Events.OnRedirectToLogin = context => Answer(context.Response, StatusCodes.Status401Unauthorized);
        options.Events.OnRedirectToAccessDenied = context => Answer(context.Response, StatusCodes.Status403Forbidden);
    }

    public static void MapLogIn(this IEndpointRouteBuilder app)
    {
        app.MapPost("/login", LogInAsync);
        app.MapPost("/logout", (HttpContext context) => context.SignOutAsync());
        app.MapGet("/me", (ClaimsPrincipal user) => new { name = user.Identity?.Name, staff = user.IsInRole("staff") });
    }

    private static async Task<IResult> LogInAsync(Credentials credentials, HttpContext context)
    {
        // Where yours checks the password.
        if (!Roles.TryGetValue(credentials.User, out var roles)) return Results.Unauthorized();

        Claim[] claims = [new(ClaimTypes.Name, credentials.User), .. roles.Select(role => new Claim(ClaimTypes.Role, role))];
        await context.SignInAsync(new ClaimsPrincipal(new ClaimsIdentity(claims, CookieAuthenticationDefaults.AuthenticationScheme)));
        return Results.NoContent();
    }

    private static Task Answer(HttpResponse response, int status)
    {
        response.StatusCode = status;
        return Task.CompletedTask;
    }

    private sealed record Credentials(string User);
}
