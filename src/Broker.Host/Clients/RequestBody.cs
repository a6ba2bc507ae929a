using System.Buffers;
using Microsoft.AspNetCore.Http.Features;

namespace Broker.Host.Clients;

/// <summary>Reads a request's body with a bound of our own.</summary>
internal static class RequestBody
{
    /// <summary>The body; null if it is longer than allowed.</summary>
    public static async Task<byte[]?> ReadAsync(HttpRequest request, int limit)
    {
        if (request.ContentLength > limit) return null;

        // The bound is ours, not the server's for any request.
        if (request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } body) body.MaxRequestBodySize = null;

        while (true)
        {
            var read = await request.BodyReader.ReadAtLeastAsync(limit + 1, request.HttpContext.RequestAborted);
            if (!read.IsCompleted && read.Buffer.Length <= limit)
            {
                request.BodyReader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
                continue;
            }

            // A read that is left open costs the client its connection.
            var payload = read.Buffer.Length > limit ? null : read.Buffer.ToArray();
            request.BodyReader.AdvanceTo(read.Buffer.End);
            return payload;
        }
    }
}
