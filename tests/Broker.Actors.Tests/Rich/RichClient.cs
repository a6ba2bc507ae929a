using System.Buffers;
using System.Text;
using System.Text.Json;
using Broker.Actors.Connections;
using Broker.Actors.Rich;
using Broker.Actors.Rich.Protocol;
using Broker.Actors.Tests.Nodes;

namespace Broker.Actors.Tests.Rich;

/// <summary>A rich client at the end of a transport that the test controls: what it gets are lines of JSON.</summary>
internal sealed class RichClient : IClientTransport
{
    private readonly object _gate = new();
    private readonly List<string> _lines = [];
    private readonly TaskCompletionSource<CloseReason> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _sent;

    private RichClient(RichConnection connection) => Connection = connection;

    public RichConnection Connection { get; }

    public Task<CloseReason> Closed => _closed.Task;

    public IReadOnlyList<string> Lines
    {
        get { lock (_gate) return [.. _lines]; }
    }

    /// <summary>Not connected yet.</summary>
    public static async Task<RichClient> OpenAsync(TestNode test, IClientGate? gate = null, LineFraming? framing = null)
    {
        var client = new RichClient(await test.Node.OpenAsync(gate ?? new TestGate(), framing ?? LineFraming.Instance));
        client.Connection.Attach(client);
        return client;
    }

    /// <summary>Connected.</summary>
    public static async Task<RichClient> ConnectAsync(TestNode test, IClientGate? gate = null, LineFraming? framing = null)
    {
        var client = await OpenAsync(test, gate, framing);
        await client.AskAsync("\"connect\":{}");
        return client;
    }

    /// <summary>A command, without waiting for its answer. Returns its id.</summary>
    public int Send(string method)
    {
        var id = ++_sent;
        SendRaw($"{{\"id\":{id},{method}}}");
        return id;
    }

    public void SendRaw(string frame) => _ = Connection.ReceiveAsync(Encoding.UTF8.GetBytes(frame)).AsTask();

    /// <summary>A command and its answer.</summary>
    public Task<JsonElement> AskAsync(string method) => AnswerAsync(Send(method));

    public async Task<JsonElement> AnswerAsync(int id)
    {
        string? Find() => Lines.FirstOrDefault(line => line.StartsWith($"{{\"id\":{id},", StringComparison.Ordinal));
        await TestNode.UntilAsync(() => Find() is not null, $"the answer to {id}; there is {string.Join(' ', Lines)}, closed {(_closed.Task.IsCompleted ? _closed.Task.Result : null)}");
        return JsonDocument.Parse(Find()!).RootElement;
    }

    public async Task<JsonElement> PushAsync(Func<JsonElement, bool> which, string what)
    {
        JsonElement? Find() => Pushes.Cast<JsonElement?>().FirstOrDefault(push => which(push!.Value));
        await TestNode.UntilAsync(() => Find() is not null, $"{what}; there is {string.Join(' ', Lines)}");
        return Find()!.Value;
    }

    public IReadOnlyList<JsonElement> Pushes => [.. Lines.Select(line => JsonDocument.Parse(line).RootElement).Where(line => line.TryGetProperty("push", out _)).Select(line => line.GetProperty("push"))];

    /// <summary>Asks again while that fails for now.</summary>
    public async Task UntilAnsweredAsync(string method)
    {
        var deadline = DateTime.UtcNow + TestNode.Soon;
        while (ErrorOf(await AskAsync(method)) == 100 && DateTime.UtcNow < deadline) await Task.Delay(20);
    }

    /// <summary>What the server API orders of it.</summary>
    public void Order(object order) => Connection.Owner.Tell(order, ActorRefs.NoSender);

    /// <summary>The data of publications, pushed live.</summary>
    public IReadOnlyList<string> Publications => [.. Pushes.Where(push => push.TryGetProperty("pub", out _)).Select(push => push.GetProperty("pub").GetProperty("data").GetRawText())];

    public Task UntilPublicationsAsync(int count) => TestNode.UntilAsync(() => Publications.Count >= count, $"{count} publications; there is {string.Join(' ', Lines)}");

    public async Task<int> CodeAsync() => (await Closed.WaitAsync(TestNode.Soon)).Code;

    public static int ErrorOf(JsonElement answer) => answer.TryGetProperty("error", out var error) ? error.GetProperty("code").GetInt32() : 0;

    ValueTask IClientTransport.WriteAsync(IReadOnlyList<ReadOnlyMemory<byte>> frames)
    {
        lock (_gate)
        {
            foreach (var frame in frames) _lines.AddRange(Encoding.UTF8.GetString(frame.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries));
        }

        return default;
    }

    void IClientTransport.Close(CloseReason reason)
    {
        if (_closed.TrySetResult(reason)) Connection.Ended(reason.Code);
    }

    /// <summary>A line and its end. Can be made to fail, as a bug would.</summary>
    internal sealed class LineFraming : RichFraming
    {
        public static readonly LineFraming Instance = new();

        private string? _fails;

        public LineFraming() : base(RichEncoding.Json)
        {
        }

        public void FailOnceOver(string text) => Volatile.Write(ref _fails, text);

        public override void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> written)
        {
            if (_fails is { } text && Encoding.UTF8.GetString(written).Contains(text, StringComparison.Ordinal) && Interlocked.CompareExchange(ref _fails, null, text) == text)
                throw new InvalidOperationException("a bug in an encoder");

            output.Write(written);
            output.Write("\n"u8);
        }
    }
}
