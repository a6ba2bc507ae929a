using System.Buffers;
using System.Text.Json;
using Broker.Actors.Connections;
using Broker.Actors.Redis;
using Broker.Host.WebSockets;

namespace Broker.Host.Gateway;

/// <summary>
/// Owns one client of the command gateway: one request after the other, so that answers keep the requests' order; what comes too fast is left in the socket.
/// </summary>
internal sealed class GatewayClient(IRedisBus redis, GatewaySettings settings, IClientTransport transport, TimeProvider time, ILogger log) : IWebSocketUser
{
    /// <summary>Who sends so many requests that are none is no client of this.</summary>
    private const int MaxMalformed = 10;

    private static readonly CloseReason TooManyErrors = new(3509, "too many errors");

    private readonly Brake _brake = new(settings.Rate, time);
    private int _malformed;

    /// <summary>Answers a message of the client's.</summary>
    public async ValueTask OnMessageAsync(ReadOnlyMemory<byte> payload, bool isText)
    {
        if (_brake.Next() is { Ticks: > 0 } wait) await Task.Delay(wait, time);

        await SendAsync(await AnswerAsync(payload));
        if (_malformed > MaxMalformed) transport.Close(TooManyErrors);
    }

    public void OnEnded(Ending ending)
    {
        if (ending.Kind == EndKind.Failed) log.LogError(ending.Error, "A gateway request could not be handled");
    }

    private async ValueTask<ReadOnlyMemory<byte>> AnswerAsync(ReadOnlyMemory<byte> payload)
    {
        if (GatewayRequest.Read(payload) is not { } request) return Malformed(null, "a request is a JSON object such as {\"command\":\"GET key\",\"sessionId\":\"1\"}");
        if (request.Command is not { } command) return Malformed(request.SessionId, "the command is missing");
        if (!CommandText.TrySplit(command, out var words)) return Malformed(request.SessionId, "the command's quotes do not match, or it is not UTF-8");
        if (words.Count == 0) return Malformed(request.SessionId, "the command is empty");

        string[] arguments = [.. words.Skip(1)];
        if (settings.Refuse(words[0], arguments) is { } refusal) return GatewayAnswer.OfError(request.SessionId, refusal);

        return await ExecuteAsync(request.SessionId, words[0], arguments);
    }

    private async ValueTask<ReadOnlyMemory<byte>> ExecuteAsync(JsonElement? sessionId, string command, string[] arguments)
    {
        try
        {
            var maxReply = RedisCommand.Find(command) is { HasShortReply: true } ? (int?)null : settings.MaxReply;
            return GatewayAnswer.OfReply(sessionId, await redis.ExecuteAsync(command, arguments, maxReply), settings.MaxReply);
        }
        catch (RedisUnavailableException)
        {
            return GatewayAnswer.OfError(sessionId, "redis does not answer");
        }
        catch (Exception fault)
        {
            log.LogError(fault, "A gateway command {Command} failed", command.ToUpperInvariant());
            return GatewayAnswer.OfError(sessionId, "the command failed");
        }
    }

    private ReadOnlyMemory<byte> Malformed(JsonElement? sessionId, string error)
    {
        _malformed++;
        return GatewayAnswer.OfError(sessionId, error);
    }

    private ValueTask SendAsync(ReadOnlyMemory<byte> answer)
    {
        var frame = new ArrayBufferWriter<byte>(answer.Length + 16);
        Frames.WriteMessage(frame, answer.Span);
        return transport.WriteAsync([frame.WrittenMemory]);
    }
}
