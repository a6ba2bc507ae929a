using System.Security.Claims;
using System.Text;
using Broker.Actors.Audiences;
using Broker.Host.Identity;
using Broker.Host.Tests.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Broker.Host.Tests.Clients;

/// <summary>Who a client is, apart from tokens.</summary>
public sealed class IdentityTests
{
    private const string Everything = "/ws/foobar?subscribe-user&subscribe-group&subscribe-session";

    [Fact]
    public async Task A_session_cookie_with_a_record_yields_user_groups_and_session()
    {
        await using var server = await ClientServer.StartAsync();
        await server.Node.SignInAsync("key-1", "john", ["staff"], TimeSpan.FromMinutes(1));
        await PublishAsync(server, Audience.Users("john"), "U");
        await PublishAsync(server, Audience.Groups("staff"), "G");
        await PublishAsync(server, Audience.Sessions("key-1"), "S");

        using var client = await server.OpenAsync(Everything, "Cookie: sessionid=key-1");

        Assert.Equal(["G", "U", "S"], await client.ReadAsync(3));
    }

    [Fact]
    public async Task A_forged_session_cookie_yields_only_the_session_that_it_names()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        await server.Node.SignInAsync("key-1", "john", ["staff"], TimeSpan.FromMinutes(1));
        foreach (var audience in new[] { Audience.Users("john"), Audience.Groups("staff"), Audience.Sessions("key-1") }) await PublishAsync(server, audience, "not for forgers");
        await PublishAsync(server, Audience.Sessions("forged"), "own");

        using var client = await server.OpenAsync(Everything, "Cookie: sessionid=forged");

        Assert.Equal("own", await client.ReadAsync());
        await PublishAsync(server, Audience.Users("john"), "not for forgers");
        await PublishAsync(server, Audience.Sessions("forged"), "next");
        Assert.Equal("next", await client.ReadAsync());
    }

    [Fact]
    public async Task Signing_out_ends_what_the_cookie_is_worth()
    {
        await using var server = await ClientServer.StartAsync();
        await server.Node.SignInAsync("key-1", "john", [], TimeSpan.FromMinutes(1));
        Assert.Equal(101, await server.StatusAsync("/ws/foobar?subscribe-user", "Cookie: sessionid=key-1"));

        await server.Node.SignOutAsync("key-1");

        Assert.Equal(403, await server.StatusAsync("/ws/foobar?subscribe-user", "Cookie: sessionid=key-1"));
    }

    [Fact]
    public async Task The_session_cookie_can_have_another_name()
    {
        await using var server = await ClientServer.StartAsync("session-cookie = sid");
        await server.Node.SignInAsync("key-1", "john", [], TimeSpan.FromMinutes(1));

        Assert.Equal(101, await server.StatusAsync("/ws/foobar?subscribe-user", "Cookie: sid=key-1"));
        Assert.Equal(403, await server.StatusAsync("/ws/foobar?subscribe-user", "Cookie: sessionid=key-1"));
    }

    [Fact]
    public async Task Names_with_a_colon_lose_their_word_and_only_that()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        await server.Node.SignInAsync("key-1", "user:a", ["b:c", "plain"], TimeSpan.FromMinutes(1));
        await PublishAsync(server, Audience.Groups("plain"), "G");

        using var client = await server.OpenAsync(Everything + "&publish-user&subscribe-broadcast", "Cookie: sessionid=key-1");
        Assert.Equal("G", await client.ReadAsync());
        await client.SendAsync("goes nowhere");
        await server.Node.Publisher("foobar").PublishAsync("end");

        Assert.Equal("end", await client.ReadAsync());
    }

    [Fact]
    public async Task The_user_whom_the_application_has_signed_in_counts_with_his_roles()
    {
        await using var server = await ClientServer.StartAsync(pipeline: app => SignIn(app, new Claim(ClaimTypes.Name, "john"), new Claim(ClaimTypes.Role, "staff")));
        await PublishAsync(server, Audience.Users("john"), "U");
        await PublishAsync(server, Audience.Groups("staff"), "G");
        await PublishAsync(server, Audience.Sessions("key-1"), "S");

        using var client = await server.OpenAsync(Everything, "Cookie: sessionid=key-1");

        Assert.Equal(["G", "U", "S"], await client.ReadAsync(3));
    }

    [Fact]
    public async Task The_applications_own_resolver_comes_before_everything_else()
    {
        await using var server = await ClientServer.StartAsync(
            services: services => services.AddScoped<IIdentityResolver, ByHeader>(),
            pipeline: app => SignIn(app, new Claim(ClaimTypes.Name, "john")));
        await PublishAsync(server, Audience.Users("mary"), "for mary");
        await PublishAsync(server, Audience.Users("john"), "for john");

        using var mary = await server.OpenAsync("/ws/foobar?subscribe-user", "X-User: mary");
        using var john = await server.OpenAsync("/ws/foobar?subscribe-user");

        Assert.Equal("for mary", await mary.ReadAsync());
        Assert.Equal("for john", await john.ReadAsync());
    }

    [Theory]
    [InlineData("throws")]
    [InlineData("never answers")]
    public async Task A_resolver_that_fails_denies_and_the_client_is_not_told_why(string user)
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open + "\ncallback-timeout = 100ms", services: services => services.AddScoped<IIdentityResolver, ByHeader>());

        var (status, _, body) = await server.RefusedAsync("/ws/foobar?subscribe-broadcast", $"X-User: {user}");

        Assert.Equal(503, status);
        Assert.DoesNotContain("database", body, StringComparison.Ordinal);
        Assert.Contains("An identity resolver failed", server.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_name_is_nobodys()
    {
        await using var server = await ClientServer.StartAsync(services: services => services.AddScoped<IIdentityResolver, ByHeader>());

        Assert.Equal(403, await server.StatusAsync("/ws/foobar?subscribe-broadcast", "X-User: nameless"));
    }

    [Fact]
    public async Task A_client_that_goes_while_it_is_asked_who_it_is_troubles_nobody()
    {
        await using var server = await ClientServer.StartAsync(services: services => services.AddScoped<IIdentityResolver, ByHeader>());
        ByHeader.Asked.Value = ByHeader.Disposed.Value = 0;

        using (var client = await RawClient.ConnectAsync(server.Port))
        {
            await client.SendAsync(Encoding.ASCII.GetBytes(RawClient.Handshake.Replace("\r\n\r\n", "\r\nX-User: never answers\r\n\r\n", StringComparison.Ordinal)));
            await Eventually.IsTrueAsync(() => ByHeader.Asked.Value > 0);
            client.Reset();
        }

        await Eventually.IsTrueAsync(() => ByHeader.Disposed.Value > 0);
        Assert.Equal(403, await server.StatusAsync("/ws/foobar?subscribe-broadcast"));
        Assert.Equal("", server.Log.Text);
    }

    [Fact]
    public async Task A_scoped_resolver_lives_no_longer_than_its_question()
    {
        await using var server = await ClientServer.StartAsync(services: services => services.AddScoped<IIdentityResolver, ByHeader>());
        ByHeader.Asked.Value = ByHeader.Disposed.Value = 0;

        using var client = await server.OpenAsync("/ws/foobar?subscribe-user", "X-User: mary");

        await Eventually.IsTrueAsync(() => ByHeader.Disposed.Value > 0);
    }

    private static async Task PublishAsync(ClientServer server, Audience audience, string text) => await server.Node.Publisher("foobar", audience).PublishAsync(text);

    private static void SignIn(WebApplication app, params Claim[] claims) => app.Use((context, next) =>
    {
        context.User = new ClaimsPrincipal(new ClaimsIdentity(claims, "Test"));
        return next(context);
    });

    private sealed class ByHeader : IIdentityResolver, IDisposable
    {
        public static readonly Counter Asked = new();

        public static readonly Counter Disposed = new();

        public async ValueTask<Caller?> ResolveAsync(HttpContext context, CancellationToken cancellation)
        {
            switch (context.Request.Headers["X-User"].ToString())
            {
                case "":
                    return null;
                case "nameless":
                    return new Caller("", [], null);
                case "throws":
                    throw new InvalidOperationException("the database at 10.0.0.1 is away");
                case "never answers":
                    // Does not heed the cancellation either.
                    Asked.Value++;
                    await new TaskCompletionSource().Task;
                    return null;
                case var user:
                    return new Caller(user, [], null);
            }
        }

        public void Dispose() => Disposed.Value++;
    }

    private sealed class Counter
    {
        public volatile int Value;
    }
}
