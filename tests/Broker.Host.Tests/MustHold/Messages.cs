using System.Net.WebSockets;

namespace Broker.Host.Tests.MustHold;

/// <summary>What comes over a websocket, in whole messages.</summary>
internal static class Messages
{
    /// <summary>Takes one message after the other until the server closes.</summary>
    /// <param name="take">The bytes are good until it has ended.</param>
    /// <exception cref="WebSocketException">It ended without that.</exception>
    public static async Task ReadAsync(WebSocket socket, Func<ReadOnlyMemory<byte>, Task> take)
    {
        var buffer = new byte[4 * 1024];
        for (var length = 0; ;)
        {
            if (length == buffer.Length) Array.Resize(ref buffer, 2 * length);
            var read = await socket.ReceiveAsync(buffer.AsMemory(length), CancellationToken.None);
            if (read.MessageType == WebSocketMessageType.Close) return;

            length += read.Count;
            if (!read.EndOfMessage) continue;

            await take(buffer.AsMemory(0, length));
            length = 0;
        }
    }
}
