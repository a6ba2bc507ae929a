using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Broker.Host.Tests.Clients;
using Broker.Host.Tests.WebSockets;

namespace Broker.Host.Tests.Rich;

/// <summary>One event, its fields as they came; a comment has only that.</summary>
internal sealed record SseEvent(string Name, string Id, string Data);

/// <summary>Reads a stream of server-sent events, as curl would.</summary>
internal sealed class SseClient : IAsyncDisposable
{
    private readonly HttpClient _http;
    private readonly HttpResponseMessage _response;
    private readonly StreamReader _lines;

    private SseClient(HttpClient http, HttpResponseMessage response, StreamReader lines) => (_http, _response, _lines) = (http, response, lines);

    public HttpStatusCode Status => _response.StatusCode;

    public HttpResponseMessage Response => _response;

    public static Task<SseClient> OpenAsync(ClientServer server, string query, params string[] headers) => OpenAsync(server.Port, query, headers);

    public static async Task<SseClient> OpenAsync(int port, string query, params string[] headers)
    {
        var http = new HttpClient(new SocketsHttpHandler { UseCookies = false, ConnectCallback = ConnectAsync }) { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = Timeout.InfiniteTimeSpan };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/connection/uni_sse?" + query);
        foreach (var header in headers) request.Headers.TryAddWithoutValidation(header.Split(": ")[0], header.Split(": ")[1]);

        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).WaitAsync(Deadline.Fact);
        return new SseClient(http, response, new StreamReader(await response.Content.ReadAsStreamAsync()));
    }

    /// <summary>With a small buffer, so that what is not read waits at the server.</summary>
    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(context.DnsEndPoint, cancellation);
        return new NetworkStream(socket, ownsSocket: true);
    }

    /// <summary>The next event that has data; null at the stream's end.</summary>
    public async Task<SseEvent?> NextAsync()
    {
        var happened = new SseEvent("", "", "");
        while (await LineAsync() is { } line)
        {
            if (line.Length == 0 && happened.Data.Length > 0) return happened;

            happened = line.Split(": ", 2) switch
            {
                ["event", var name] => happened with { Name = name },
                ["id", var id] => happened with { Id = id },
                ["data", var data] => happened with { Data = data },
                _ => happened,
            };
        }

        return null;
    }

    /// <summary>The code of what the stream says last; then it ends.</summary>
    public async Task<int> EndAsync()
    {
        var last = await NextAsync();
        Assert.Equal("push", last?.Name);
        Assert.Null(await NextAsync());
        return JsonDocument.Parse(last!.Data).RootElement.GetProperty("push").GetProperty("disconnect").GetProperty("code").GetInt32();
    }

    public Task<string?> LineAsync() => _lines.ReadLineAsync().WaitAsync(Deadline.Fact);

    public ValueTask DisposeAsync()
    {
        _lines.Dispose();
        _response.Dispose();
        _http.Dispose();
        return ValueTask.CompletedTask;
    }
}
