using Broker.Actors.Audiences;

namespace Broker.Host.Rich;

/// <summary>
/// Answers the calls of rich clients (<c>rpc</c>). Register it in the services; it may be scoped. Without one they are answered with error 108. Several calls of one client may be under
/// way at once.
/// </summary>
/// <remarks>One that throws, or takes longer than <c>broker.callback-timeout</c>, is answered with error 100 and logged; the client sees nothing of the exception.</remarks>
public interface IRpcHandler
{
    /// <summary>Answers one call.</summary>
    ValueTask<RpcResult> OnRpcAsync(ClientRpc call, CancellationToken cancellation);
}

/// <summary>Takes the messages of rich clients that want no answer (<c>send</c>). Register it in the services; it may be scoped. Without one they are dropped.</summary>
/// <remarks>What goes wrong in it is logged; no client hears of it.</remarks>
public interface ISendHandler
{
    /// <summary>Takes one message.</summary>
    ValueTask OnSendAsync(ClientMessage message, CancellationToken cancellation);
}

/// <summary>A call.</summary>
/// <param name="Caller">Who the client is.</param>
/// <param name="Method">May be empty.</param>
/// <param name="Data">As the client wrote it, empty for none: JSON of one that speaks JSON, any bytes of one that speaks Protobuf.</param>
public sealed record ClientRpc(Caller Caller, string Method, ReadOnlyMemory<byte> Data);

/// <summary>A message without answer.</summary>
/// <param name="Caller">Who the client is.</param>
/// <param name="Data">As the client wrote it, empty for none: JSON of one that speaks JSON, any bytes of one that speaks Protobuf.</param>
public sealed record ClientMessage(Caller Caller, ReadOnlyMemory<byte> Data);

/// <summary>The answer to a call: data, or an error.</summary>
public sealed record RpcResult
{
    private RpcResult(ReadOnlyMemory<byte> data, uint code, string message, bool isTemporary)
    {
        Data = data;
        Code = code;
        Message = message;
        IsTemporary = isTemporary;
    }

    /// <summary>Any bytes; empty for none.</summary>
    public ReadOnlyMemory<byte> Data { get; }

    /// <summary>0 for an answer; an error's code otherwise.</summary>
    public uint Code { get; }

    /// <summary>Of an error: the client sees it.</summary>
    public string Message { get; }

    /// <summary>Of an error: it may be gone when the client tries again.</summary>
    public bool IsTemporary { get; }

    /// <summary>An answer.</summary>
    /// <param name="data">
    /// Empty for none. A client that speaks Protobuf gets the bytes as they are; to one that speaks JSON it is to be JSON in UTF-8, anything else comes as a string (in base64 if it is no text).
    /// </param>
    public static RpcResult Answer(ReadOnlyMemory<byte> data = default) => new(data, 0, "", false);

    /// <summary>The method is not there: error 104.</summary>
    public static RpcResult NotFound { get; } = Error(104, "method not found");

    /// <summary>An error.</summary>
    /// <param name="code">From 400 on they are the application's own (Centrifugo's convention); not 0.</param>
    /// <param name="message">The client sees it.</param>
    /// <param name="isTemporary">It may be gone when the client tries again.</param>
    public static RpcResult Error(uint code, string message, bool isTemporary = false)
    {
        ArgumentOutOfRangeException.ThrowIfZero(code);
        return new(default, code, message, isTemporary);
    }
}
