using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Broker.Host.WebSockets;

namespace Broker.Host.Tests.WebSockets;

public sealed class SocketWriterTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Socket _client = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
    private Socket _server = null!;
    private SocketWriter _writer = null!;

    public async Task InitializeAsync()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        await _client.ConnectAsync(listener.LocalEndPoint!);
        _server = await listener.AcceptAsync();
        _server.SendBufferSize = 4096;
        _writer = new SocketWriter(_server);
    }

    public Task DisposeAsync()
    {
        _client.Dispose();
        _server.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task What_is_flushed_has_been_sent_when_the_call_returns()
    {
        _writer.Write("one"u8);
        _writer.Write(" two"u8);
        var flush = _writer.FlushAsync().AsTask();

        Assert.True(flush.IsCompletedSuccessfully);
        Assert.False((await flush).IsCompleted);
        Assert.Equal("one two"u8.ToArray(), await ReadAsync(7));
    }

    [Fact]
    public async Task A_flush_of_nothing_sends_nothing()
    {
        Assert.True(_writer.FlushAsync().AsTask().IsCompletedSuccessfully);

        _writer.Write("after"u8);
        await _writer.FlushAsync();
        Assert.Equal("after"u8.ToArray(), await ReadAsync(5));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100_000)]
    public async Task What_a_reader_does_not_take_waits_and_arrives_whole_and_in_order(int first)
    {
        var all = new byte[20_000_000];
        Random.Shared.NextBytes(all);
        if (first > 0) _writer.Write(all.AsSpan(0, first));
        _writer.Write(all.AsSpan(first));
        var flush = _writer.FlushAsync().AsTask();
        Assert.False(flush.IsCompleted);

        var read = ReadAsync(all.Length);
        Assert.False((await flush.WaitAsync(Patience)).IsCompleted);
        Assert.Equal(all, await read);

        _writer.Write("next"u8);
        Assert.True(_writer.FlushAsync().AsTask().IsCompletedSuccessfully);
        Assert.Equal("next"u8.ToArray(), await ReadAsync(4));
    }

    [Fact]
    public async Task A_client_that_has_gone_carries_nothing_more()
    {
        // Closing with something unread resets the connection.
        _server.Send("unread"u8);
        _client.Dispose();

        var result = default(System.IO.Pipelines.FlushResult);
        for (var written = 0; !result.IsCompleted && written < 1000; written++)
        {
            _writer.Write("lost"u8);
            result = await _writer.FlushAsync().AsTask().WaitAsync(Patience);
        }

        Assert.True(result.IsCompleted);
    }

    [Fact]
    public async Task A_flush_that_waits_ends_with_the_connection()
    {
        _writer.Write(new byte[20_000_000]);
        var flush = _writer.FlushAsync().AsTask();
        Assert.False(flush.IsCompleted);

        _server.Dispose();

        Assert.True((await flush.WaitAsync(Patience)).IsCompleted);
    }

    [Fact]
    public async Task Many_writers_of_one_thread_share_a_buffer_and_never_their_bytes()
    {
        // Each flush that waits keeps its buffer; the next writer gets another.
        var others = new List<(Socket Client, Socket Server, SocketWriter Writer, Task Flush)>();
        for (var i = 0; i < 20; i++)
        {
            var other = new SocketWriterTests();
            await other.InitializeAsync();
            var bytes = new byte[5_000_000];
            Array.Fill(bytes, (byte)i);
            other._writer.Write(bytes);
            others.Add((other._client, other._server, other._writer, other._writer.FlushAsync().AsTask()));
        }

        foreach (var (i, other) in others.Index())
        {
            var read = await ReadAsync(other.Client, 5_000_000);
            await other.Flush.WaitAsync(Patience);
            Assert.True(read.AsSpan().IndexOfAnyExcept((byte)i) < 0);
            other.Client.Dispose();
            other.Server.Dispose();
        }
    }

    private Task<byte[]> ReadAsync(int count) => ReadAsync(_client, count);

    private static async Task<byte[]> ReadAsync(Socket socket, int count)
    {
        var all = new byte[count];
        for (var read = 0; read < count;)
        {
            var some = await socket.ReceiveAsync(all.AsMemory(read), SocketFlags.None).AsTask().WaitAsync(Patience);
            Assert.NotEqual(0, some);
            read += some;
        }

        return all;
    }
}
