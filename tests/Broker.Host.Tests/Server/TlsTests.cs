using System.Net.Security;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;

namespace Broker.Host.Tests.Server;

/// <summary>The server with a certificate of its own.</summary>
public sealed partial class TlsTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("tls-");
    private ServerProcess _server = null!;

    public async Task InitializeAsync()
    {
        var (certificate, configuration) = (Path.Combine(_directory.FullName, "server.pfx"), Path.Combine(_directory.FullName, "broker.conf"));
        await File.WriteAllBytesAsync(certificate, Certificate());
        await File.WriteAllTextAsync(configuration, "broker { access = open, shutdown.drain = 0s }");
        _server = ServerProcess.Launch(
            ["dotnet", ServerProcess.Assembly, "--urls", "https://127.0.0.1:0", "--config", configuration], IsReady(), ("Kestrel__Certificates__Default__Path", certificate));
        await _server.IsReadyAsync();
    }

    public async Task DisposeAsync()
    {
        await _server.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task A_websocket_is_not_opened_in_clear_where_there_is_TLS()
    {
        // The door stood before TLS: a request in clear was let in, past the certificate that a client must have.
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", _server.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            "GET /ws/news?subscribe-broadcast HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"));

        using var answer = new MemoryStream();
        await client.GetStream().CopyToAsync(answer).WaitAsync(Patience);
        Assert.DoesNotContain("101", Encoding.ASCII.GetString(answer.ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Websockets_come_over_TLS()
    {
        using var client = new ClientWebSocket();
        client.Options.RemoteCertificateValidationCallback = (_, _, _, errors) => errors != SslPolicyErrors.RemoteCertificateNotAvailable;
        using var patience = new CancellationTokenSource(Patience);
        await client.ConnectAsync(new Uri($"wss://127.0.0.1:{_server.Port}/ws/news?subscribe-broadcast&publish-broadcast&echo"), patience.Token);

        await client.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, patience.Token);
        var buffer = new byte[16];
        var received = await client.ReceiveAsync(buffer, patience.Token);

        Assert.Equal("hello", Encoding.UTF8.GetString(buffer, 0, received.Count));
    }

    private static byte[] Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return certificate.Export(X509ContentType.Pfx);
    }

    [GeneratedRegex("^Broker is ready: wss(://[^/ ]+)/")]
    private static partial Regex IsReady();
}
