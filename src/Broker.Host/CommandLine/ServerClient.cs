using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Broker.Host.Server;

namespace Broker.Host.CommandLine;

/// <summary>Talks to the API of a running server.</summary>
internal sealed class ServerClient : IDisposable
{
    public const string Usage =
        """
          --server URL         the running server (or BROKER_SERVER); http://127.0.0.1:8000 by default
          --api-key KEY        its broker.api-key (or BROKER_API_KEY)
        """;

    public static readonly string[] Options = ["--server", "--api-key"];

    private readonly HttpClient _http;
    private readonly Uri _server;

    private ServerClient(Uri server, string key)
    {
        _server = server;
        _http = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
        _http.DefaultRequestHeaders.Add("X-API-Key", key);
    }

    /// <exception cref="ArgumentsException">The address is none, or there is no key.</exception>
    public static ServerClient Of(VerbArguments arguments)
    {
        var key = arguments.Option("--api-key") ?? Environment.GetEnvironmentVariable("BROKER_API_KEY");
        return key is { Length: > 0 } ? new ServerClient(AddressOf(arguments), key) : throw new ArgumentsException("--api-key or BROKER_API_KEY: the server's API key is missing");
    }

    /// <exception cref="ArgumentsException">It is no address.</exception>
    public static Uri AddressOf(VerbArguments arguments)
    {
        var text = arguments.Option("--server") ?? Environment.GetEnvironmentVariable("BROKER_SERVER") ?? ServerBuilder.DefaultUrl;
        return Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
            ? uri
            : throw new ArgumentsException($"--server: '{text}' is not an address such as {ServerBuilder.DefaultUrl}");
    }

    /// <summary>The command's result.</summary>
    /// <exception cref="RefusedException">The server refused it.</exception>
    /// <exception cref="UnreachableException">It is not there.</exception>
    public async Task<JsonElement> AskAsync(string method, object parameters)
    {
        try
        {
            using var answer = await _http.PostAsJsonAsync(new Uri(_server, "api/" + method), parameters);
            return ResultOf(answer.StatusCode, await answer.Content.ReadAsStringAsync());
        }
        catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException)
        {
            throw new UnreachableException($"{_server} cannot be reached: {failure.GetBaseException().Message}");
        }
    }

    public void Dispose() => _http.Dispose();

    private static JsonElement ResultOf(HttpStatusCode status, string text)
    {
        if (status == HttpStatusCode.NotFound && text.Length == 0) throw new RefusedException("the server has no API: broker.api-key is not set there");
        if (status == HttpStatusCode.Unauthorized) throw new RefusedException("the server does not take this API key");
        if (status != HttpStatusCode.OK && status != HttpStatusCode.NotFound) throw new RefusedException($"the server answers {(int)status}");

        try
        {
            using var json = JsonDocument.Parse(text);
            return json.RootElement.TryGetProperty("error", out var error)
                ? throw new RefusedException($"error {error.GetProperty("code").GetRawText()}: {error.GetProperty("message").GetString()}")
                : json.RootElement.GetProperty("result").Clone();
        }
        catch (Exception odd) when (odd is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new RefusedException("what answers there is not Broker's API");
        }
    }
}
