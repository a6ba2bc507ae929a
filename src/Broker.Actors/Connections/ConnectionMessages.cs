namespace Broker.Actors.Connections;

/// <summary>A client has come; answered with its actor.</summary>
internal sealed record OpenConnection(ClientConnection Connection);

/// <summary>The client sent a message.</summary>
internal sealed record Received(byte[] Payload);

/// <summary>The client is to be closed.</summary>
/// <param name="Failure">What its transport threw, if it is for that.</param>
internal sealed record CloseConnection(CloseReason Reason, Exception? Failure = null);

/// <summary>The transport has ended, for whatever reason.</summary>
internal sealed record TransportEnded(int Code);

/// <summary>Comes at the pace of <c>broker.websocket.heartbeat-interval</c>.</summary>
internal sealed record Beat
{
    public static readonly Beat Instance = new();
}

/// <summary>The node stops: no new connections, the present ones are closed in paces. Answered with <see cref="Drained"/>.</summary>
internal sealed record DrainConnections(DrainPace Pace, CloseReason Reason);

internal sealed record Drained
{
    public static readonly Drained Instance = new();
}

/// <summary>Asks for the node's connections as they are now; answered with <see cref="OpenConnections"/>.</summary>
internal sealed record AskOpenConnections
{
    public static readonly AskOpenConnections Instance = new();
}

internal sealed record OpenConnections(IReadOnlyList<ClientConnection> Connections);
