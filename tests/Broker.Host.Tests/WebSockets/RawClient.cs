using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Broker.Host.WebSockets;

namespace Broker.Host.Tests.WebSockets;

/// <summary>A frame as a client sees it.</summary>
internal sealed record ServerFrame(int First, byte[] Payload)
{
    public Opcode Opcode => (Opcode)(First & 0x0F);

    public string Text => Encoding.UTF8.GetString(Payload);

    public int CloseCode => Payload.Length < 2 ? CloseFrame.NoCode : BinaryPrimitives.ReadUInt16BigEndian(Payload);
}

/// <summary>A websocket client that sends just the bytes it is told to.</summary>
internal sealed class RawClient : IDisposable
{
    public const string Handshake =
        "GET /ws/foobar HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

    private readonly Socket _socket;
    private readonly NetworkStream _stream;

    private RawClient(Socket socket)
    {
        _socket = socket;
        _stream = new NetworkStream(socket, ownsSocket: true);
    }

    /// <summary>Connects and speaks nothing.</summary>
    public static async Task<RawClient> ConnectAsync(int port, int? receiveBuffer = null)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        if (receiveBuffer is { } size) socket.ReceiveBufferSize = size;
        await socket.ConnectAsync(IPAddress.Loopback, port);
        return new RawClient(socket);
    }

    /// <summary>Connects and becomes a websocket.</summary>
    public static async Task<RawClient> OpenAsync(int port, int? receiveBuffer = null, string target = "/ws/foobar")
    {
        var client = await ConnectAsync(port, receiveBuffer);
        await client.SendAsync(Encoding.ASCII.GetBytes(Handshake.Replace("/ws/foobar", target, StringComparison.Ordinal)));
        Assert.StartsWith("HTTP/1.1 101 ", await client.ReadHeadAsync(), StringComparison.Ordinal);
        return client;
    }

    public async Task SendAsync(params byte[][] frames) =>
        await _stream.WriteAsync(frames.SelectMany(frame => frame).ToArray()).AsTask().WaitAsync(Deadline.Fact);

    /// <summary>Sends without waiting, for bytes that the server may not take any more.</summary>
    public void TrySend(byte[] bytes) => _ = _socket.SendAsync(bytes).ContinueWith(sent => _ = sent.Exception, TaskScheduler.Default);

    /// <summary>The status line and the headers of an answer.</summary>
    public async Task<string> ReadHeadAsync()
    {
        var head = new StringBuilder();
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            head.Append((char)(await ReadAsync(1))[0]);
        }

        return head.ToString();
    }

    /// <summary>A whole answer of HTTP: its head and its body.</summary>
    public async Task<string> ReadAnswerAsync()
    {
        const string Length = "Content-Length: ";
        var head = await ReadHeadAsync();
        var length = head.Split("\r\n").Single(line => line.StartsWith(Length, StringComparison.Ordinal))[Length.Length..];
        return head + Encoding.UTF8.GetString(await ReadAsync(int.Parse(length, CultureInfo.InvariantCulture)));
    }

    /// <summary>So many bytes, as text.</summary>
    public async Task<string> ReadTextAsync(int count) => Encoding.UTF8.GetString(await ReadAsync(count));

    /// <summary>All that comes until the server ends the connection, as text.</summary>
    public async Task<string> ReadToEndAsync()
    {
        using var reader = new StreamReader(_stream, leaveOpen: true);
        return await reader.ReadToEndAsync().WaitAsync(Deadline.Fact);
    }

    public async Task<ServerFrame> ReadFrameAsync()
    {
        var start = await ReadAsync(2);
        Assert.Equal(0, start[1] & 0x80);

        var length = start[1] switch
        {
            126 => BinaryPrimitives.ReadUInt16BigEndian(await ReadAsync(2)),
            127 => (int)BinaryPrimitives.ReadInt64BigEndian(await ReadAsync(8)),
            var shortLength => shortLength,
        };
        return new ServerFrame(start[0], await ReadAsync(length));
    }

    /// <summary>Reads the close frame that must come next.</summary>
    public async Task<int> ReadCloseAsync()
    {
        var frame = await ReadFrameAsync();
        Assert.Equal(Opcode.Close, frame.Opcode);
        return frame.CloseCode;
    }

    /// <summary>True once the server has closed the connection, properly or by a reset; what it still sends is dropped.</summary>
    public async Task<bool> IsClosedAsync()
    {
        try
        {
            var buffer = new byte[4096];
            while (await _stream.ReadAsync(buffer).AsTask().WaitAsync(Deadline.Fact) > 0)
            {
            }
        }
        catch (IOException)
        {
        }

        return true;
    }

    /// <summary>True once the server has closed the connection in order, with nothing sent before.</summary>
    public async Task<bool> EndsInOrderAsync() => await _stream.ReadAsync(new byte[1]).AsTask().WaitAsync(Deadline.Fact) == 0;

    /// <summary>Goes without a word, as a crashed client does.</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(true, 0);
        Dispose();
    }

    public void Dispose() => _stream.Dispose();

    private async Task<byte[]> ReadAsync(int count)
    {
        var bytes = new byte[count];
        await _stream.ReadExactlyAsync(bytes).AsTask().WaitAsync(Deadline.Fact);
        return bytes;
    }
}
