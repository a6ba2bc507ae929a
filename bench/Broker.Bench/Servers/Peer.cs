using Broker.Bench.Load;

namespace Broker.Bench.Servers;

/// <summary>A server that is measured: how it is started and how its clients speak to it. <c>{facility}</c> and <c>{payload}</c> stand for what is there.</summary>
/// <param name="Name">What tables call it.</param>
/// <param name="Command">An assembly beside this one and its arguments; empty for a server that runs already.</param>
/// <param name="Subscribe">Where subscribers go.</param>
/// <param name="Publish">Where websockets that publish go.</param>
/// <param name="Greeting">What a client says after the handshake.</param>
/// <param name="Envelope">The text of a frame that publishes.</param>
internal sealed record Peer(string Name, IReadOnlyList<string> Command, string Subscribe, string Publish, Greeting Greeting, string Envelope = "{payload}")
{
    private const string Own = "Broker.Bench.dll";

    /// <summary>Broker, as its users start it.</summary>
    public static Peer Broker { get; } =
        new("broker", ["Broker.Host.dll"], "/ws/{facility}?subscribe-broadcast&echo", "/ws/{facility}?publish-broadcast", Greeting.None);

    /// <summary>Broker with its content filter at work.</summary>
    public static Peer BrokerWithoutEcho { get; } = Broker with { Name = "broker, no echo", Subscribe = "/ws/{facility}?subscribe-broadcast" };

    /// <summary>Broker with clients of the Centrifuge protocol, in JSON.</summary>
    public static Peer BrokerRich { get; } = Broker with
    {
        Name = "broker, rich",
        Subscribe = "/connection/websocket",
        Greeting = Greeting.Of("{\"id\":1,\"connect\":{}}\n{\"id\":2,\"subscribe\":{\"channel\":\"broadcast:{facility}\"}}", "{\"id\":2,\"subscribe\""),
    };

    /// <summary>Broker with facilities of which a slow client gets the newest publications.</summary>
    public static Peer BrokerConflating { get; } = Broker with { Name = "broker, conflate", Configuration = "broker.outbox-policy { \"*\" = conflate }" };

    /// <summary>Broker inside an application that publishes from its own code.</summary>
    public static Peer Application { get; } = Broker with { Name = "broker, from code", Command = [Own, "serve", "application"], Publish = "/from-code/{facility}" };

    public static Peer SignalR { get; } = new(
        "signalr",
        [Own, "serve", "signalr"],
        "/hub?subscribe={facility}",
        "/hub?publish={facility}",
        Greeting.Of("{\"protocol\":\"json\",\"version\":1}\u001e", "\"ready\""),
        "{\"type\":1,\"target\":\"Publish\",\"arguments\":[\"{payload}\"]}\u001e");

    public static Peer Kestrel { get; } = new("kestrel", [Own, "serve", "kestrel"], "/subscribe/{facility}", "/publish/{facility}", Greeting.None);

    /// <summary>HOCON, for Broker.</summary>
    public string Configuration { get; init; } = "";

    /// <summary>What <c>--vs</c> can name.</summary>
    public static IReadOnlyList<Peer> Others { get; } = [SignalR, Kestrel];
}
