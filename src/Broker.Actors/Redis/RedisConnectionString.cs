using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Reflection;
using StackExchange.Redis;

namespace Broker.Actors.Redis;

/// <summary>
/// Where Redis is and how to get in: <c>redis://[user:password@]host[:port][/db]</c>, <c>rediss://</c> for TLS, or a StackExchange.Redis connection string.
/// Never shows the password, neither in errors nor as text.
/// </summary>
internal sealed class RedisConnectionString
{
    private const int DefaultPort = 6379;

    private readonly ConfigurationOptions _options;

    private RedisConnectionString(ConfigurationOptions options, string? user, string? tlsHost)
    {
        _options = options;
        User = user is "default" ? null : user;
        if (User is not null) UserOption.Require();
        TlsHost = tlsHost;
        foreach (var endPoint in options.EndPoints) EndPoints = [.. EndPoints, WithPort(endPoint, options.Ssl)];
    }

    public IReadOnlyList<EndPoint> EndPoints { get; } = [];

    /// <summary>Null for Redis's default user.</summary>
    public string? User { get; }

    public string? Password => _options.Password;

    public bool Tls => _options.Ssl;

    /// <summary>The name that the server's certificate must have; null for the host connected to.</summary>
    public string? TlsHost { get; }

    public int Database => _options.DefaultDatabase ?? 0;

    /// <summary>Null for the platform's own judgement of the certificate.</summary>
    public RemoteCertificateValidationCallback? CertificateValidation { get; private init; }

    /// <exception cref="FormatException">What is wrong, in words that may be logged.</exception>
    public static RedisConnectionString Parse(string text)
    {
        text = text.Trim();
        if (text.Length == 0) throw new FormatException("the Redis connection is empty");

        if (text.StartsWith("redis://", StringComparison.OrdinalIgnoreCase)) return ParseUrl(text["redis://".Length..], tls: false);
        if (text.StartsWith("rediss://", StringComparison.OrdinalIgnoreCase)) return ParseUrl(text["rediss://".Length..], tls: true);
        if (text.Contains("://", StringComparison.Ordinal)) throw new FormatException("a Redis URL begins with redis:// or rediss://");

        return ParseList(text);
    }

    /// <summary>For the connection that commands use.</summary>
    public ConfigurationOptions ToOptions()
    {
        var options = _options.Clone();
        options.EndPoints.Clear();
        foreach (var endPoint in EndPoints) options.EndPoints.Add(endPoint);
        if (User is not null) UserOption.Set(options, User);
        if (CertificateValidation is { } validate) options.CertificateValidation += validate;
        return options;
    }

    /// <summary>The same with another judgement of the server's certificate.</summary>
    public RedisConnectionString TrustingCertificates(RemoteCertificateValidationCallback judge) =>
        new(_options, User, TlsHost) { CertificateValidation = judge };

    public override string ToString() => string.Join(',', EndPoints.Select(Text));

    private static RedisConnectionString ParseUrl(string rest, bool tls)
    {
        if (rest.IndexOfAny(['?', '#']) is var extra and >= 0 && extra > rest.LastIndexOf('@'))
            throw new FormatException("a Redis URL takes nothing behind the database number");

        var at = rest.LastIndexOf('@');
        var (user, password) = at < 0 ? default : ParseUser(rest[..at]);
        var location = rest[(at + 1)..];
        var slash = location.IndexOf('/', StringComparison.Ordinal);
        var host = slash < 0 ? location : location[..slash];

        var options = new ConfigurationOptions { Ssl = tls, Password = password };
        options.EndPoints.Add(ParseHost(host));
        if (slash >= 0 && slash < location.Length - 1) options.DefaultDatabase = ParseDatabase(location[(slash + 1)..]);
        return new RedisConnectionString(options, user, tlsHost: null);
    }

    private static (string? User, string? Password) ParseUser(string info)
    {
        var colon = info.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0) throw new FormatException("a Redis URL with a user needs a password: user:password@host, or :password@host");

        var user = Uri.UnescapeDataString(info[..colon]);
        var password = Uri.UnescapeDataString(info[(colon + 1)..]);
        return (user.Length > 0 ? user : null, password.Length > 0 ? password : null);
    }

    private static EndPoint ParseHost(string text)
    {
        var colon = text.LastIndexOf(':');
        if (text.EndsWith(']')) colon = -1;

        var host = (colon < 0 ? text : text[..colon]).Trim('[', ']');
        if (host.Length == 0 || host.Any(char.IsWhiteSpace)) throw new FormatException("the Redis URL names no host");

        var port = DefaultPort;
        if (colon >= 0 && (!int.TryParse(text[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out port) || port is 0 or > 65535))
            throw new FormatException("the port of the Redis URL is not a number from 1 to 65535");

        return IPAddress.TryParse(host, out var address) ? new IPEndPoint(address, port) : new DnsEndPoint(host, port);
    }

    private static int ParseDatabase(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var database)
        ? database
        : throw new FormatException("the database of the Redis URL is not a number");

    private static RedisConnectionString ParseList(string text)
    {
        string? user = null;
        var kept = new List<string>();
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var name = NameOf(part);
            if (name is "user" or "username") user = part[(part.IndexOf('=', StringComparison.Ordinal) + 1)..];
            else if (name is "channelprefix") throw new FormatException("channelPrefix is not for Broker: use its own prefix setting");
            else if (name is "servicename") throw new FormatException("serviceName (Redis Sentinel) is not supported");
            else kept.Add(Checked(part));
        }

        var options = ConfigurationOptions.Parse(string.Join(',', kept));
        if (options.EndPoints.Count == 0) throw new FormatException("the Redis connection string names no host");

        return new RedisConnectionString(options, user, options.SslHost);
    }

    /// <summary>Each part is tried alone: the library's own error might show the value.</summary>
    private static string Checked(string part)
    {
        var name = NameOf(part);
        try
        {
            var options = ConfigurationOptions.Parse(name is null ? part : "host," + part);
            return options.EndPoints.Count > 0 ? part : throw new FormatException("the Redis connection string holds an address that is none");
        }
        catch (Exception problem) when (problem is not FormatException || name is not null)
        {
            throw new FormatException(name is null
                ? "the Redis connection string holds an address that is none"
                : $"the setting '{name}' of the Redis connection string is unknown or has a wrong value");
        }
    }

    private static string? NameOf(string part)
    {
        var equals = part.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? null : part[..equals].Trim().ToLowerInvariant();
    }

    private static EndPoint WithPort(EndPoint endPoint, bool tls)
    {
        var port = tls ? 6380 : DefaultPort; // The library's own defaults.
        return endPoint switch
        {
            DnsEndPoint { Port: 0 } dns => new DnsEndPoint(dns.Host, port),
            IPEndPoint { Port: 0 } ip => new IPEndPoint(ip.Address, port),
            _ => endPoint,
        };
    }

    private static string Text(EndPoint endPoint) => endPoint is DnsEndPoint dns ? $"{dns.Host}:{dns.Port}" : endPoint.ToString() ?? "";

    /// <summary>Users came with Redis 6; StackExchange.Redis 1.2.6 knows passwords only, versions from 2.2 on have the property.</summary>
    private static class UserOption
    {
        private static readonly PropertyInfo? Property = typeof(ConfigurationOptions).GetProperty("User");

        public static void Require()
        {
            if (Property is null) throw new FormatException("a Redis user other than 'default' needs a newer StackExchange.Redis than this build has");
        }

        public static void Set(ConfigurationOptions options, string user) => Property!.SetValue(options, user);
    }
}
