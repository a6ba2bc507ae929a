using System.Text;

namespace Broker.Host.WebSockets;

/// <summary>The HTTP answer to a request that does not become a websocket.</summary>
/// <param name="Header">A header that the answer must carry, otherwise null.</param>
internal sealed record HandshakeRefusal(int Status, string Text, KeyValuePair<string, string>? Header = null)
{
    /// <summary>The limit that the request was over, by its setting's name; null for none.</summary>
    public string? Limit { get; init; }

    /// <summary>Sends it as plain text.</summary>
    public Task WriteAsync(HttpContext context)
    {
        context.Response.StatusCode = Status;
        context.Response.ContentType = "text/plain; charset=utf-8";
        if (Header is { } header) context.Response.Headers[header.Key] = header.Value;

        var body = Encoding.UTF8.GetBytes(Text);
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body).AsTask();
    }
}
