using System.Buffers;
using System.Text;
using Broker.Actors.Channels;
using Broker.Actors.Connections;

namespace Broker.Actors.Tests.Nodes;

/// <summary>A client at the end of a transport that the test controls. What it gets are lines.</summary>
internal sealed class WireClient(bool reads = true) : IClientTransport
{
    private readonly object _gate = new();
    private readonly StringBuilder _text = new();
    private readonly TaskCompletionSource<CloseReason> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public WireConnection Connection { get; private set; } = null!;

    public Task<CloseReason> Closed => _closed.Task;

    /// <summary>As a bug in a transport would.</summary>
    public bool Throws { get; init; }

    public IReadOnlyList<string> Lines
    {
        get { lock (_gate) return _text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries); }
    }

    public void Begin(WireConnection connection)
    {
        Connection = connection;
        connection.Attach(this);
    }

    public async Task SendAsync(string payload) => await Connection.ReceiveAsync(Encoding.UTF8.GetBytes(payload));

    public ValueTask WriteAsync(IReadOnlyList<ReadOnlyMemory<byte>> frames)
    {
        if (Throws) throw new InvalidOperationException("a bug in a transport");

        lock (_gate)
        {
            foreach (var frame in frames) _text.Append(Encoding.UTF8.GetString(frame.Span));
        }

        // A client that does not read completes its first write never.
        return reads ? default : new ValueTask(new TaskCompletionSource().Task);
    }

    public void Close(CloseReason reason)
    {
        if (_closed.TrySetResult(reason)) Connection.Ended(reason.Code);
    }
}

/// <summary>A payload and a line end. Can be made to fail, as a bug in an encoder would.</summary>
internal sealed class LineFormat : IWireFormat
{
    public static readonly LineFormat Instance = new();

    private int _throws;

    public void ThrowOnce() => Volatile.Write(ref _throws, 1);

    public void ThrowAlways() => Volatile.Write(ref _throws, int.MaxValue);

    public void Encode(Publication publication, IBufferWriter<byte> output)
    {
        if (Volatile.Read(ref _throws) > 0 && Interlocked.Decrement(ref _throws) >= 0) throw new InvalidOperationException("a bug in an encoder");

        output.Write(publication.Payload.Span);
        output.Write("\n"u8);
    }
}
