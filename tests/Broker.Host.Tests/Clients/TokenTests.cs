using System.Security.Cryptography;
using Broker.Actors.Audiences;

namespace Broker.Host.Tests.Clients;

/// <summary>Who a token says a client is, and which tokens say nothing.</summary>
public sealed class TokenTests
{
    private const string Settings = "jwt.hs256 = \"" + Jwt.Secret + "\"";
    private const string Everything = "/ws/foobar?subscribe-user&subscribe-group&subscribe-session";

    [Fact]
    public async Task A_token_names_user_groups_and_session()
    {
        await using var server = await ClientServer.StartAsync(Settings);
        var token = Jwt.Hs256(new { sub = "john", groups = new[] { "staff", "chatters" }, sid = "key-1", exp = Jwt.In(TimeSpan.FromMinutes(1)) });
        await PublishToAsync(server, (Audience.Users("john"), "users john"), (Audience.Groups("staff"), "groups staff"), (Audience.Groups("chatters"), "groups chatters"), (Audience.Sessions("key-1"), "sessions key-1"));

        using var client = await server.OpenAsync(Everything, $"Authorization: Bearer {token}");

        Assert.Equal(["groups staff", "groups chatters", "users john", "sessions key-1"], await client.ReadAsync(4));
    }

    [Fact]
    public async Task It_may_stand_in_the_header_the_query_or_a_cookie()
    {
        await using var server = await ClientServer.StartAsync(Settings + "\njwt.cookie = jwt");
        var token = Jwt.Hs256(new { sub = "john" });

        Assert.Equal(101, await server.StatusAsync("/ws/foobar?subscribe-user", $"Authorization: bearer {token}"));
        Assert.Equal(101, await server.StatusAsync($"/ws/foobar?subscribe-user&token={token}"));
        Assert.Equal(101, await server.StatusAsync("/ws/foobar?subscribe-user", $"Cookie: jwt={token}"));
        Assert.Equal(403, await server.StatusAsync($"/ws/foobar?subscribe-user&jwt={token}"));
    }

    [Fact]
    public async Task Claims_can_have_other_names_and_one_group_may_be_a_string()
    {
        await using var server = await ClientServer.StartAsync(Settings + "\njwt { user-claim = name, groups-claim = role, session-claim = jti }");
        await PublishToAsync(server, (Audience.Users("john"), "users john"), (Audience.Groups("staff"), "groups staff"), (Audience.Sessions("key-1"), "sessions key-1"));

        using var client = await server.OpenAsync(Everything, $"Authorization: Bearer {Jwt.Hs256(new { sub = "7", name = "john", role = "staff", jti = "key-1" })}");

        Assert.Equal(["groups staff", "users john", "sessions key-1"], await client.ReadAsync(3));
    }

    [Fact]
    public async Task A_token_without_session_leaves_that_to_the_cookie()
    {
        await using var server = await ClientServer.StartAsync(Settings);
        await PublishToAsync(server, (Audience.Sessions("key-1"), "sessions key-1"));

        using var client = await server.OpenAsync("/ws/foobar?subscribe-session", $"Authorization: Bearer {Jwt.Hs256(new { sub = "john" })}", "Cookie: sessionid=key-1");

        Assert.Equal("sessions key-1", await client.ReadAsync());
    }

    [Fact]
    public async Task A_number_is_a_name_too_and_several_are_none()
    {
        await using var server = await ClientServer.StartAsync(Settings + "\njwt.user-claim = name");
        await PublishToAsync(server, (Audience.Users("42"), "users 42"));

        using var client = await server.OpenAsync("/ws/foobar?subscribe-user", $"Authorization: Bearer {Jwt.Hs256(new { name = 42 })}");

        Assert.Equal("users 42", await client.ReadAsync());
        Assert.Equal(403, await server.StatusAsync("/ws/foobar?subscribe-user", $"Authorization: Bearer {Jwt.Hs256(new { name = new[] { "a", "b" } })}"));
        Assert.Equal(403, await server.StatusAsync("/ws/foobar?subscribe-user", $"Authorization: Bearer {Jwt.Hs256(new { name = "" })}"));
        Assert.Equal(403, await server.StatusAsync("/ws/foobar?subscribe-user", $"Authorization: Bearer {Jwt.Hs256(new { sub = "john" })}"));
    }

    [Theory]
    [InlineData("expired")]
    [InlineData("expiry that is no time")]
    [InlineData("not yet valid")]
    [InlineData("another secret")]
    [InlineData("unsigned")]
    [InlineData("unsigned with a signature")]
    [InlineData("an algorithm that is not configured")]
    [InlineData("another algorithm than it says")]
    [InlineData("a changed payload")]
    [InlineData("no token at all")]
    [InlineData("nothing")]
    public async Task A_token_that_is_not_valid_is_refused_and_never_makes_an_anonymous_client(string token)
    {
        await using var server = await ClientServer.StartAsync(Settings + "\naccess = open");

        var (status, head, body) = await server.RefusedAsync("/ws/foobar?subscribe-broadcast", $"Authorization: Bearer {Bad(token)}");

        Assert.Equal(401, status);
        Assert.Contains("WWW-Authenticate: Bearer error=\"invalid_token\"", head, StringComparison.Ordinal);
        Assert.Equal("The token is not valid", body);
        Assert.DoesNotContain("ey", server.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Issuer_and_audience_count_if_they_are_set()
    {
        await using var server = await ClientServer.StartAsync(Settings + "\njwt { issuer = login, audience = chat }");
        Task<int> StatusOf(object claims) => server.StatusAsync("/ws/foobar?subscribe-user", $"Authorization: Bearer {Jwt.Hs256(claims)}");

        Assert.Equal(101, await StatusOf(new { sub = "john", iss = "login", aud = "chat" }));
        Assert.Equal(101, await StatusOf(new { sub = "john", iss = "login", aud = new[] { "mail", "chat" } }));
        Assert.Equal(401, await StatusOf(new { sub = "john", iss = "evil", aud = "chat" }));
        Assert.Equal(401, await StatusOf(new { sub = "john", iss = "login", aud = "mail" }));
        Assert.Equal(401, await StatusOf(new { sub = "john", iss = "login" }));
        Assert.Equal(401, await StatusOf(new { sub = "john", aud = "chat" }));
    }

    [Fact]
    public async Task An_rsa_key_verifies_and_is_never_taken_for_a_secret()
    {
        using var key = RSA.Create(2048);
        using var other = RSA.Create(2048);
        var pem = key.ExportSubjectPublicKeyInfoPem();
        await using var server = await ClientServer.StartAsync($"jwt.rs256 = \"\"\"{pem}\"\"\"");
        Task<int> StatusOf(string token) => server.StatusAsync("/ws/foobar?subscribe-user", $"Authorization: Bearer {token}");

        Assert.Equal(101, await StatusOf(Jwt.Rs256(new { sub = "john" }, key)));
        Assert.Equal(401, await StatusOf(Jwt.Rs256(new { sub = "john" }, other)));
        Assert.Equal(401, await StatusOf(Jwt.Hs256(new { sub = "john" }, pem)));
        Assert.Equal(401, await StatusOf(Jwt.Hs256(new { sub = "john" }, pem, "RS256")));
    }

    [Fact]
    public async Task Both_kinds_of_key_work_beside_each_other()
    {
        using var key = RSA.Create(2048);
        await using var server = await ClientServer.StartAsync($"{Settings}\njwt.rs256 = \"\"\"{key.ExportSubjectPublicKeyInfoPem()}\"\"\"");

        Assert.Equal(101, await server.StatusAsync("/ws/foobar?subscribe-user", $"Authorization: Bearer {Jwt.Rs256(new { sub = "john" }, key)}"));
        Assert.Equal(101, await server.StatusAsync("/ws/foobar?subscribe-user", $"Authorization: Bearer {Jwt.Hs256(new { sub = "john" })}"));
    }

    [Fact]
    public async Task A_short_secret_works_and_is_warned_of()
    {
        await using var server = await ClientServer.StartAsync("jwt.hs256 = short");

        Assert.Equal(101, await server.StatusAsync("/ws/foobar?subscribe-user", $"Authorization: Bearer {Jwt.Hs256(new { sub = "john" }, "short")}"));
        Assert.Contains("broker.jwt.hs256 is shorter than 32 bytes", server.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_key_tokens_are_ignored()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);

        Assert.Equal(101, await server.StatusAsync("/ws/foobar?subscribe-broadcast&token=anything", "Authorization: Bearer anything"));
    }

    [Theory]
    [InlineData("no key")]
    [InlineData("-----BEGIN PUBLIC KEY-----\\nAAAA\\n-----END PUBLIC KEY-----")]
    [InlineData("-----BEGIN PRIVATE KEY-----")]
    public void A_wrong_key_is_an_error_with_its_place_and_without_the_key(string pem)
    {
        var error = WrongSetting.At("configuration:1:20: broker.jwt.rs256: ", $"broker.jwt.rs256 = \"{pem}\"");

        Assert.DoesNotContain("AAAA", error, StringComparison.Ordinal);
    }

    private static string Bad(string kind)
    {
        var john = new { sub = "john" };
        return kind switch
        {
            "expired" => Jwt.Hs256(new { sub = "john", exp = Jwt.In(TimeSpan.FromSeconds(-30)) }),
            "expiry that is no time" => Jwt.Hs256(new { sub = "john", exp = "tomorrow" }),
            "not yet valid" => Jwt.Hs256(new { sub = "john", nbf = Jwt.In(TimeSpan.FromSeconds(30)) }),
            "another secret" => Jwt.Hs256(john, "another secret of more than 32 bytes"),
            "unsigned" => Jwt.Unsigned(john),
            "unsigned with a signature" => Jwt.Hs256(john, algorithm: "none"),
            "an algorithm that is not configured" => Jwt.Hs512(john),
            "another algorithm than it says" => Jwt.Hs256(john, algorithm: "HS384"),
            "a changed payload" => string.Join('.', Jwt.Hs256(john).Split('.')[0], Jwt.Hs256(new { sub = "boss" }).Split('.')[1], Jwt.Hs256(john).Split('.')[2]),
            "no token at all" => "garbage",
            _ => "",
        };
    }

    /// <summary>A last message for each audience that says whose it is.</summary>
    private static async Task PublishToAsync(ClientServer server, params (Audience Audience, string Text)[] messages)
    {
        foreach (var (audience, text) in messages) await server.Node.Publisher("foobar", audience).PublishAsync(text);
    }
}
