using System.Net;
using System.Net.Security;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Broker.Actors.Connections;
using Broker.Host.WebSockets;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Broker.Host.Tests.WebSockets;

/// <summary>.NET's own websocket client, over everything that carries a websocket.</summary>
public sealed class InteropTests
{
    public enum Carrier
    {
        Http1,
        Http1Stream,
        Door,
        Https1,
        Https2,
    }

    private static readonly Lazy<X509Certificate2> Certificate = new(SelfSigned);

    [Theory]
    [InlineData(Carrier.Http1)]
    [InlineData(Carrier.Http1Stream)]
    [InlineData(Carrier.Door)]
    [InlineData(Carrier.Https1)]
    [InlineData(Carrier.Https2)]
    public async Task Messages_of_any_size_come_back_and_the_client_closes(Carrier carrier)
    {
        await using var server = await StartAsync(carrier);
        using var client = await ConnectAsync(server, carrier);

        foreach (var length in new[] { 0, 1, 125, 126, 65_535, 65_536 })
        {
            await client.SendAsync(Encoding.ASCII.GetBytes(new string('x', length)), WebSocketMessageType.Text, true, default);
            Assert.Equal((WebSocketMessageType.Text, length), await ReceiveAsync(client));
        }

        await client.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", default).WaitAsync(Deadline.Fact);
        Assert.Equal((WebSocketCloseStatus.NormalClosure, "bye"), (client.CloseStatus, client.CloseStatusDescription));
        Assert.Equal(new Ending(EndKind.Client, new CloseReason(1000, "bye")), await server.NextEndingAsync());
    }

    [Theory]
    [InlineData(Carrier.Http1)]
    [InlineData(Carrier.Http1Stream)]
    [InlineData(Carrier.Door)]
    [InlineData(Carrier.Https1)]
    [InlineData(Carrier.Https2)]
    public async Task The_server_closes_with_a_code_of_its_own(Carrier carrier)
    {
        await using var server = await StartAsync(carrier);
        using var client = await ConnectAsync(server, carrier);
        var connection = await server.NextConnectionAsync();

        connection.Transport.Ping();
        connection.Transport.Close(CloseReason.Slow);

        Assert.Equal(WebSocketMessageType.Close, (await ReceiveAsync(client)).Type);
        Assert.Equal((3008, "slow"), ((int?)client.CloseStatus, client.CloseStatusDescription));
        await client.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, default);
        Assert.Equal(new Ending(EndKind.Server, CloseReason.Slow), await server.NextEndingAsync());
    }

    [Theory]
    [InlineData(Carrier.Http1)]
    [InlineData(Carrier.Http1Stream)]
    [InlineData(Carrier.Door)]
    [InlineData(Carrier.Https1)]
    [InlineData(Carrier.Https2)]
    public async Task A_message_beyond_the_limit_is_closed_with_1009(Carrier carrier)
    {
        await using var server = await StartAsync(carrier);
        using var client = await ConnectAsync(server, carrier);

        await client.SendAsync(new byte[65_537], WebSocketMessageType.Binary, true, default);

        Assert.Equal(WebSocketMessageType.Close, (await ReceiveAsync(client)).Type);
        Assert.Equal(WebSocketCloseStatus.MessageTooBig, client.CloseStatus);
    }

    [Theory]
    [InlineData(Carrier.Http1)]
    [InlineData(Carrier.Http1Stream)]
    [InlineData(Carrier.Door)]
    [InlineData(Carrier.Https1)]
    [InlineData(Carrier.Https2)]
    public async Task A_client_that_does_not_answer_the_close_is_cut_off(Carrier carrier)
    {
        await using var server = await StartAsync(carrier, EchoServer.Settings with { CloseTimeout = TimeSpan.FromMilliseconds(500) });
        using var client = await ConnectAsync(server, carrier);

        (await server.NextConnectionAsync()).Transport.Close(CloseReason.GoingAway);

        Assert.Equal(WebSocketMessageType.Close, (await ReceiveAsync(client)).Type);
        Assert.Equal(new Ending(EndKind.TimedOut, CloseReason.GoingAway), await server.NextEndingAsync());
    }

    [Theory]
    [InlineData(Carrier.Http1)]
    [InlineData(Carrier.Http1Stream)]
    [InlineData(Carrier.Door)]
    [InlineData(Carrier.Https1)]
    [InlineData(Carrier.Https2)]
    public async Task A_client_that_goes_without_a_word_is_lost(Carrier carrier)
    {
        await using var server = await StartAsync(carrier);
        var client = await ConnectAsync(server, carrier);
        await server.NextConnectionAsync();

        client.Abort();

        Assert.Equal(EndKind.Lost, (await server.NextEndingAsync()).Kind);
    }

    [Fact]
    public async Task The_client_agrees_to_the_chosen_subprotocol()
    {
        await using var server = await StartAsync(Carrier.Http1);
        using var client = await ConnectAsync(server, Carrier.Http1, "unknown", "json");

        Assert.Equal("json", client.SubProtocol);
    }

    private static async Task<EchoServer> StartAsync(Carrier carrier, WebSocketSettings? settings = null)
    {
        var server = await EchoServer.StartAsync(settings, options => options.Listen(IPAddress.Loopback, 0, listen =>
        {
            if (carrier is Carrier.Http1 or Carrier.Http1Stream or Carrier.Door) return;

            listen.Protocols = carrier == Carrier.Https1 ? HttpProtocols.Http1 : HttpProtocols.Http1AndHttp2;
            listen.UseHttps(Certificate.Value);
        }), door: carrier is Carrier.Door or Carrier.Https1 or Carrier.Https2);
        server.HidesConnections = carrier == Carrier.Http1Stream;
        return server;
    }

    private static async Task<ClientWebSocket> ConnectAsync(EchoServer server, Carrier carrier, params string[] subprotocols)
    {
        var client = new ClientWebSocket();
        foreach (var subprotocol in subprotocols) client.Options.AddSubProtocol(subprotocol);
        if (carrier == Carrier.Https2)
        {
            client.Options.HttpVersion = HttpVersion.Version20;
            client.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        }

        using var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString() == Certificate.Value.GetCertHashString(),
            },
        };
        var invoker = new HttpMessageInvoker(handler, disposeHandler: false);
        var scheme = carrier is Carrier.Http1 or Carrier.Http1Stream or Carrier.Door ? "ws" : "wss";
        await client.ConnectAsync(new Uri($"{scheme}://127.0.0.1:{server.Port}/ws/foobar"), invoker, default).WaitAsync(Deadline.Fact);
        return client;
    }

    private static async Task<(WebSocketMessageType Type, int Length)> ReceiveAsync(ClientWebSocket client)
    {
        var buffer = new byte[70_000];
        var length = 0;
        while (true)
        {
            var received = await client.ReceiveAsync(buffer.AsMemory(length), default).AsTask().WaitAsync(Deadline.Fact);
            length += received.Count;
            if (received.EndOfMessage) return (received.MessageType, length);
        }
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
    }
}
