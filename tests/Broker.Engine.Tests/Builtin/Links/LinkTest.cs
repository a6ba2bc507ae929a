using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Broker.Engine.Tests.Builtin.Links;

/// <summary>Real sockets between systems that are no cluster: a link needs no membership.</summary>
public abstract class LinkTest : IDisposable
{
    private protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly List<ActorSystem> _systems = [];
    private readonly List<Relay> _relays = [];

    public void Dispose()
    {
        _relays.ForEach(relay => relay.Dispose());
        foreach (var system in _systems)
        {
            ((ExtendedActorSystem)system).Abort();
            Assert.True(system.WhenTerminated.Wait(Patience));
        }

        GC.SuppressFinalize(this);
    }

    private protected static NodeIdentity Other => new(new Address("akka.tcp", "links", "127.0.0.1", 1), 5);

    private protected static Broker.Engine.Links LinksOf(ActorSystem system) => ((LocalActorSystem)system).Links!;

    private protected static IActorRef Remote(ActorSystem from, IActorRef to) =>
        ((ExtendedActorSystem)from).Provider.ResolveActorRef(Broker.Engine.Serialization.SerializedActorPath(to));

    private protected static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private protected static async Task<Socket> Connect(ActorSystem system)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        var address = LinksOf(system).Self.Address;
        await socket.ConnectAsync(address.Host!, address.Port!.Value);
        return socket;
    }

    private protected static async Task HungUp(Socket socket)
    {
        using var late = new CancellationTokenSource(Patience);
        try
        {
            var buffer = new byte[4096];
            while (await socket.ReceiveAsync(buffer, late.Token) > 0)
            {
                // A challenge, perhaps; then the end.
            }
        }
        catch (SocketException)
        {
            // Reset is an end too.
        }
    }

    private protected static async Task Eventually(Func<bool> isSo)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (!isSo())
        {
            Assert.True(DateTime.UtcNow < deadline, "Not in time");
            await Task.Delay(10);
        }
    }

    private protected static string Tls()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=anything", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        File.WriteAllBytes(path, certificate.Export(X509ContentType.Pfx, "pw"));
        return $$"""akka.remote.dot-netty.tcp { enable-ssl = on, ssl.certificate { path = "{{path}}", password = pw } }""";
    }

    private protected ActorSystem Start(string more = "")
    {
        const string common = "akka { loglevel = OFF, stdout-loglevel = OFF, actor.provider = cluster }";
        var system = ActorSystem.Create("links", ConfigurationFactory.ParseString(more).WithFallback(ConfigurationFactory.ParseString(common)));
        _systems.Add(system);
        return system;
    }

    /// <summary>The second is found at the relay's port and listens at the same of another loopback address.</summary>
    private protected (ActorSystem A, ActorSystem B, Relay Relay) StartBehindRelay()
    {
        // A busy machine is silent for half a second now and then, and what is on its way on a link that breaks is lost.
        const string quick = "akka.remote.link { keep-alive = 50ms, silence = 3s, max-back-off = 100ms, give-up = 20s }";
        var relay = new Relay();
        _relays.Add(relay);
        var b = Start($"{quick}\nakka.remote.dot-netty.tcp {{ port = {relay.Port}, bind-hostname = 127.0.0.2 }}");
        relay.Target = new IPEndPoint(IPAddress.Parse("127.0.0.2"), relay.Port);
        return (Start(quick), b, relay);
    }

    private protected sealed class Silent : ReceiveActor;
}
