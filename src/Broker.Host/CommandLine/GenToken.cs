using Broker.Hocon;
using Broker.Host.Identity;
using Broker.Host.Server;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace Broker.Host.CommandLine;

/// <summary><c>gen-token</c></summary>
internal static class GenToken
{
    public const string Usage =
        $"""
        Makes a token for a client, signed with broker.jwt.hs256 (or BROKER_JWT_KEY), with the claims that the configuration names: broker gen-token

          --user NAME          whose it is; without one an anonymous client's
          --group NAME         a group of the user's; may come more than once
          --session KEY        the session key
          --channel CHANNEL    a subscription token for this channel, instead of a connection's
          --ttl TIME           how long it is valid, such as 30s, 1h or 7d; 1h by default
          --config FILE        HOCON over the defaults (or BROKER_CONFIG)

        {VerbExit.Usage}
        """;

    public const string NoKey = "broker.jwt.hs256 (or BROKER_JWT_KEY) is not set: there is nothing to sign with";

    public static Task<int> RunAsync(string[] args)
    {
        var arguments = VerbArguments.Parse(args, "--user", "--group", "--session", "--channel", "--ttl", "--config");
        if (arguments.Plain.Count > 0) throw new ArgumentsException($"{arguments.Plain[0]}: not an argument; --help");

        var jwt = JwtSettings.Read(HostConfiguration.Load(new BrokerHostOptions { ConfigurationFile = arguments.Option("--config") }).GetObject("broker.jwt"));
        if (jwt.Hs256 is null) throw new ArgumentsException(NoKey);

        Console.WriteLine(Sign(jwt, ClaimsOf(arguments, jwt), TimeToLive(arguments.Option("--ttl") ?? "1h")));
        return Task.FromResult(VerbExit.Done);
    }

    /// <param name="jwt">With a secret.</param>
    /// <param name="claims">Besides those that every token has.</param>
    /// <param name="ttl">How long it is valid.</param>
    public static string Sign(JwtSettings jwt, Dictionary<string, object> claims, TimeSpan ttl)
    {
        // With an id it can be revoked.
        claims["jti"] = Guid.NewGuid().ToString("N");
        var now = DateTime.UtcNow;
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Claims = claims,
            Issuer = jwt.Issuer.Length > 0 ? jwt.Issuer : null,
            Audience = jwt.Audience.Length > 0 ? jwt.Audience : null,
            IssuedAt = now,
            Expires = now + ttl,
            SigningCredentials = new SigningCredentials(jwt.Hs256, SecurityAlgorithms.HmacSha256),
        });
    }

    private static Dictionary<string, object> ClaimsOf(VerbArguments arguments, JwtSettings jwt)
    {
        var claims = new Dictionary<string, object>();
        if (arguments.Option("--user") is { } user) claims[jwt.UserClaim] = user;
        if (arguments.Options("--group") is { Count: > 0 } groups) claims[jwt.GroupsClaim] = groups.ToArray();
        if (arguments.Option("--session") is { } session) claims[jwt.SessionClaim] = session;
        if (arguments.Option("--channel") is { } channel) claims["channel"] = channel;
        return claims;
    }

    private static TimeSpan TimeToLive(string text)
    {
        try
        {
            var time = HoconDocument.Parse($"ttl = \"{text.Replace("\"", "", StringComparison.Ordinal)}\"", "--ttl").Resolve().Get("ttl").AsDuration();
            return time > TimeSpan.Zero ? time : throw new ArgumentsException($"--ttl: '{text}' is over at once");
        }
        catch (HoconException)
        {
            throw new ArgumentsException($"--ttl: '{text}' is not a time such as 30s, 1h or 7d");
        }
    }
}
