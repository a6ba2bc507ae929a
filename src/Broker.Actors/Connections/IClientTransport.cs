namespace Broker.Actors.Connections;

/// <summary>
/// What carries bytes to one client: a websocket, an in-process reader. Used by one <see cref="Outbox"/>, one call at a time.
/// </summary>
public interface IClientTransport
{
    /// <summary>
    /// Writes frames that are already encoded, all as one write, in order. Completes at once while the client takes what it is given, later when it is slow. Must not throw
    /// for a client that is gone: it drops and completes.
    /// </summary>
    ValueTask WriteAsync(IReadOnlyList<ReadOnlyMemory<byte>> frames);

    /// <summary>
    /// Ends the client with a code and a reason that it may see, after what was written. Returns at once; a second call does nothing. A client that takes no more
    /// is cut off after a bounded time.
    /// </summary>
    void Close(CloseReason reason);

    /// <summary>Comes every few seconds: time to ping a silent client, or to give up a dead one.</summary>
    void Beat()
    {
    }
}

/// <summary>
/// Encodes publications for one wire protocol. One instance per protocol in the process: a relay encodes once for each instance among its subscribers.
/// </summary>
public interface IWireFormat
{
    /// <summary>Appends the frame of one publication.</summary>
    void Encode(Channels.Publication publication, System.Buffers.IBufferWriter<byte> output);
}
