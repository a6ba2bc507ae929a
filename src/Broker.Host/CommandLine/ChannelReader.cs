using System.Net;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;

namespace Broker.Host.CommandLine;

/// <summary>A client of the Centrifuge protocol that reads channels, and no more than that.</summary>
internal sealed class ChannelReader : IDisposable
{
    /// <summary>And its answer.</summary>
    private const string Ping = "{}";

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private readonly ClientWebSocket _socket = new();

    /// <exception cref="RefusedException">The server does not let it in.</exception>
    /// <exception cref="UnreachableException">It is not there.</exception>
    public async Task ConnectAsync(Uri address, CancellationToken stop)
    {
        _socket.Options.CollectHttpResponseDetails = true;
        try
        {
            await _socket.ConnectAsync(address, stop);
        }
        catch (WebSocketException failure)
        {
            throw _socket.HttpStatusCode == 0
                ? new UnreachableException($"the server cannot be reached: {failure.GetBaseException().Message}")
                : new RefusedException($"the server answers {(int)_socket.HttpStatusCode}");
        }
    }

    /// <summary>What is published on the channels, as it was published: a string of JSON without its quotes.</summary>
    /// <param name="token">Empty for none.</param>
    /// <param name="channels">With the token of each; empty for none.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="RefusedException">The server does not let it in or read, or ends it.</exception>
    /// <exception cref="UnreachableException">The connection was lost.</exception>
    public async IAsyncEnumerable<(string Channel, byte[] Payload)> ReadAsync(string token, IReadOnlyList<(string Name, string Token)> channels, [EnumeratorCancellation] CancellationToken stop)
    {
        object connect = new { id = 1, connect = new { token, name = "broker" } };
        var subscribes = channels.Select((channel, i) => new { id = i + 2, subscribe = new { channel = channel.Name, token = channel.Token } });
        await SendAsync(string.Join('\n', subscribes.Prepend<object>(connect).Select(command => JsonSerializer.Serialize(command))), stop);
        while (true)
        {
            foreach (var line in (await ReceiveAsync(stop)).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                using var said = JsonDocument.Parse(line);
                if (line == Ping) await SendAsync(Ping, stop);
                else if (said.RootElement.TryGetProperty("error", out var error)) throw Refused(said.RootElement.GetProperty("id").GetInt32(), error, channels);
                else if (PublicationIn(said.RootElement) is { } publication) yield return publication;
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    private static (string Channel, byte[] Payload)? PublicationIn(JsonElement said)
    {
        if (!said.TryGetProperty("push", out var push)) return null;

        var channel = push.GetProperty("channel").GetString()!;
        if (push.TryGetProperty("unsubscribe", out var end)) throw new RefusedException($"{channel}: unsubscribed with {end.GetProperty("code").GetRawText()} {end.GetProperty("reason").GetString()}");
        if (!push.TryGetProperty("pub", out var publication)) return null;

        var data = publication.GetProperty("data");
        if (data.ValueKind != JsonValueKind.String) return (channel, Utf8.GetBytes(data.GetRawText()));

        return (channel, publication.TryGetProperty("tags", out _) ? data.GetBytesFromBase64() : Utf8.GetBytes(data.GetString()!));
    }

    private static RefusedException Refused(int id, JsonElement error, IReadOnlyList<(string Name, string Token)> channels)
    {
        var what = id == 1 ? "" : channels[id - 2].Name + ": ";
        return new RefusedException($"{what}error {error.GetProperty("code").GetRawText()}: {error.GetProperty("message").GetString()}");
    }

    private async Task SendAsync(string frame, CancellationToken stop)
    {
        try
        {
            await _socket.SendAsync(Utf8.GetBytes(frame), WebSocketMessageType.Text, endOfMessage: true, stop);
        }
        catch (WebSocketException)
        {
            throw Lost();
        }
    }

    private async Task<string> ReceiveAsync(CancellationToken stop)
    {
        var message = new MemoryStream();
        var buffer = new byte[16 * 1024];
        try
        {
            while (true)
            {
                var read = await _socket.ReceiveAsync(buffer, stop);
                if (read.MessageType == WebSocketMessageType.Close) throw new RefusedException($"closed with {(int?)read.CloseStatus} {read.CloseStatusDescription}");

                message.Write(buffer, 0, read.Count);
                if (read.EndOfMessage) return Utf8.GetString(message.GetBuffer(), 0, (int)message.Length);
            }
        }
        catch (WebSocketException)
        {
            throw Lost();
        }
    }

    private static UnreachableException Lost() => new("the connection was lost");
}
