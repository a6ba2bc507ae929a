using System.Collections.Concurrent;
using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Broker.Host.Tests.WebSockets;

namespace Broker.Host.Tests.MustHold;

/// <summary>One client of the Centrifuge protocol: asks, answers pings, and notes what is published (JSON as it was written, a string as its text).</summary>
internal sealed class RichClient : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly SemaphoreSlim _sending = new(1);
    private readonly ConcurrentDictionary<int, TaskCompletionSource<JsonElement>> _asked = new();
    private readonly TaskCompletionSource<int> _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<string> _surprises = new();
    private Task _reading = Task.CompletedTask;
    private int _id;

    private RichClient(Inbox inbox) => Inbox = inbox;

    public Inbox Inbox { get; }

    public bool IsOpen => _socket.State == WebSocketState.Open;

    /// <summary>The code that the server closed it with; 1006 where it said none.</summary>
    public Task<int> Closed => _closed.Task.WaitAsync(Deadline.Fact);

    /// <summary>What it was told that is neither an answer nor a publication.</summary>
    public IReadOnlyCollection<string> Surprises => _surprises;

    /// <summary>A websocket that has not yet said who it is.</summary>
    public static async Task<RichClient> OpenAsync(Uri uri, Inbox? inbox = null)
    {
        var client = new RichClient(inbox ?? new Inbox());
        client._socket.Options.KeepAliveInterval = TimeSpan.Zero;
        await client._socket.ConnectAsync(uri, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60));
        client._reading = client.ReadAsync();
        return client;
    }

    public static async Task<RichClient> ConnectAsync(Uri uri, string token = "", Inbox? inbox = null)
    {
        var client = await OpenAsync(uri, inbox);
        await client.DoAsync("connect", token.Length == 0 ? "{}" : $$"""{"token":"{{token}}"}""");
        return client;
    }

    public Task SubscribeAsync(string channel) => DoAsync("subscribe", $$"""{"channel":"{{channel}}"}""");

    /// <summary>Completes when it is acknowledged.</summary>
    public Task PublishAsync(string channel, string json) => DoAsync("publish", $$"""{"channel":"{{channel}}","data":{{json}}}""");

    /// <summary>The result of a command, which must have one.</summary>
    public async Task<JsonElement> DoAsync(string method, string parameters)
    {
        var reply = await AskAsync(method, parameters);
        return reply.TryGetProperty(method, out var result) ? result : throw new InvalidOperationException($"{method}: {reply}");
    }

    /// <summary>The error code that a command is answered with.</summary>
    public async Task<int> ErrorOfAsync(string method, string parameters)
    {
        var reply = await AskAsync(method, parameters);
        return reply.TryGetProperty("error", out var error) ? error.GetProperty("code").GetInt32() : throw new InvalidOperationException($"{method}: {reply}");
    }

    /// <summary>The error codes of so many commands in one frame; 0 for one that has a result.</summary>
    public async Task<int[]> TryAsync(string method, string parameters, int count)
    {
        var asked = Enumerable.Range(0, count).Select(_ => Next(method, parameters)).ToArray();
        await SendAsync(string.Join('\n', asked.Select(command => command.Text)));
        var replies = await Task.WhenAll(asked.Select(command => command.Reply)).WaitAsync(Deadline.Fact);
        return [.. replies.Select(reply => reply.TryGetProperty("error", out var error) ? error.GetProperty("code").GetInt32() : 0)];
    }

    public async Task SendAsync(string frame)
    {
        await _sending.WaitAsync();
        try
        {
            await _socket.SendAsync(Encoding.UTF8.GetBytes(frame), WebSocketMessageType.Text, true, CancellationToken.None);
        }
        finally
        {
            _sending.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Abort();
        await _reading;
        _socket.Dispose();
        _sending.Dispose();
    }

    private async Task<JsonElement> AskAsync(string method, string parameters)
    {
        var (text, reply) = Next(method, parameters);
        await SendAsync(text);
        return await reply.WaitAsync(Deadline.Fact);
    }

    private (string Text, Task<JsonElement> Reply) Next(string method, string parameters)
    {
        var id = Interlocked.Increment(ref _id);
        var reply = _asked[id] = new TaskCompletionSource<JsonElement>(TaskCreationOptions.RunContinuationsAsynchronously);
        return (string.Create(CultureInfo.InvariantCulture, $$"""{"id":{{id}},"{{method}}":{{parameters}}}"""), reply.Task);
    }

    private async Task ReadAsync()
    {
        try
        {
            await Messages.ReadAsync(_socket, async message =>
            {
                foreach (var line in Encoding.UTF8.GetString(message.Span).Split('\n')) await TakeAsync(line);
            });

            End((int?)_socket.CloseStatus ?? 1006);
            await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        }
        catch (Exception end) when (end is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            End(1006);
        }
    }

    private async Task TakeAsync(string line)
    {
        if (line == "{}")
        {
            await SendAsync("{}");
            return;
        }

        using var document = JsonDocument.Parse(line);
        var message = document.RootElement;
        if (message.TryGetProperty("id", out var id) && _asked.TryRemove(id.GetInt32(), out var reply)) reply.SetResult(message.Clone());
        else if (message.TryGetProperty("push", out var push) && push.TryGetProperty("pub", out var publication)) Inbox.Add(TextOf(publication.GetProperty("data")));
        else _surprises.Enqueue(line);
    }

    /// <summary>As it was published: what was no JSON comes as a string.</summary>
    internal static string TextOf(JsonElement data) => data.ValueKind == JsonValueKind.String ? data.GetString()! : data.GetRawText();

    private void End(int code)
    {
        _closed.TrySetResult(code);
        foreach (var reply in _asked.Values) reply.TrySetException(new InvalidOperationException($"closed with {code}"));
    }
}
