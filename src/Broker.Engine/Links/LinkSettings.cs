using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Broker.Engine;

/// <summary>How a node speaks to others; read once from <c>akka.remote</c>.</summary>
internal sealed record LinkSettings
{
    /// <summary>What others find this node by.</summary>
    public required string Host { get; init; }

    /// <summary>What it listens on; the same as <see cref="Host"/> unless it lies behind something.</summary>
    public required string BindHost { get; init; }

    /// <summary>0 for any.</summary>
    public required int Port { get; init; }

    /// <summary>The longest payload of a frame, once both sides know each other.</summary>
    public required int MaxFrame { get; init; }

    public required byte[] Secret { get; init; }

    /// <summary>Null without TLS.</summary>
    public required X509Certificate2? Certificate { get; init; }

    /// <summary>After that long who has not proved himself is cut off.</summary>
    public required TimeSpan HandshakeTimeout { get; init; }

    /// <summary>How many may be on their way to proving themselves.</summary>
    public required int MaxStrangers { get; init; }

    /// <summary>A side with nothing to say says that this often.</summary>
    public required TimeSpan KeepAlive { get; init; }

    /// <summary>A link that says nothing for so long is dead.</summary>
    public required TimeSpan Silence { get; init; }

    public required TimeSpan MinBackOff { get; init; }

    public required TimeSpan MaxBackOff { get; init; }

    /// <summary>After that long an address that no member has and nobody answers at is given up.</summary>
    public required TimeSpan GiveUp { get; init; }

    /// <summary>How many bytes may wait for one node.</summary>
    public required long QueueSize { get; init; }

    /// <exception cref="ConfigurationException">A setting is wrong, or others could come in without a secret.</exception>
    public static LinkSettings Read(Config config)
    {
        var tcp = config.GetConfig("akka.remote.dot-netty.tcp");
        var link = config.GetConfig("akka.remote.link");
        var host = tcp.GetString("hostname")!;
        var bind = tcp.GetString("bind-hostname") is { Length: > 0 } other ? other : host;
        var secret = link.GetString("secret")!;
        if (secret.Length == 0 && !(IPAddress.TryParse(bind, out var ip) && IPAddress.IsLoopback(ip)) && bind != "localhost")
        {
            throw new ConfigurationException(
                $"akka.remote.link.secret is empty, and the node would listen on [{bind}]: without a secret it listens on loopback only.");
        }

        return new LinkSettings
        {
            Host = host,
            BindHost = bind,
            Port = tcp.GetInt("port"),
            MaxFrame = (int)Bytes(tcp, "akka.remote.dot-netty.tcp.", "maximum-frame-size", 32_000, 1 << 30),
            Secret = Encoding.UTF8.GetBytes(secret),
            Certificate = tcp.GetBoolean("enable-ssl") ? ReadCertificate(tcp.GetConfig("ssl.certificate")) : null,
            HandshakeTimeout = link.GetTimeSpan("handshake-timeout", allowInfinite: false),
            MaxStrangers = link.GetInt("max-strangers"),
            KeepAlive = link.GetTimeSpan("keep-alive", allowInfinite: false),
            Silence = link.GetTimeSpan("silence", allowInfinite: false),
            MinBackOff = link.GetTimeSpan("min-back-off", allowInfinite: false),
            MaxBackOff = link.GetTimeSpan("max-back-off", allowInfinite: false),
            GiveUp = link.GetTimeSpan("give-up", allowInfinite: false),
            QueueSize = Bytes(link, "akka.remote.link.", "queue-size", 32_000, long.MaxValue),
        };
    }

    private static long Bytes(Config config, string path, string name, long least, long most)
    {
        var bytes = config.GetByteSize(name) ?? 0;
        return bytes >= least && bytes <= most
            ? bytes
            : throw new ConfigurationException($"{path}{name} is {bytes} bytes; it must be {least} to {most}.");
    }

    private static X509Certificate2 ReadCertificate(Config config)
    {
        var path = config.GetString("path");
        try
        {
            return X509CertificateLoader.LoadPkcs12FromFile(path!, config.GetString("password"));
        }
        catch (Exception failure) when (failure is CryptographicException or IOException or ArgumentException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"The certificate at akka.remote.dot-netty.tcp.ssl.certificate.path, [{path}], cannot be read.", failure);
        }
    }
}
