namespace Broker.Host.WebSockets;

/// <summary>What a websocket is for.</summary>
internal interface IWebSocketUser
{
    /// <summary>Takes a message, which is its to keep. Nothing more is read from the client while it is not complete; what it throws closes the client with 1011.</summary>
    ValueTask OnMessageAsync(ReadOnlyMemory<byte> payload, bool isText);

    /// <summary>Comes once, when the connection is over. Must not throw.</summary>
    void OnEnded(Ending ending);
}
