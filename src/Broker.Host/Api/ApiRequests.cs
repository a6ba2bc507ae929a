using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Broker.Actors.Rich.Protocol;
using Broker.Actors.Serving;
using Broker.Host.Clients;

namespace Broker.Host.Api;

/// <summary>Answers the server API's requests: one command, or a batch of them.</summary>
internal sealed class ApiRequests(ApiSettings settings, ApiKey key, BrokerHost host, ILogger<ApiRequests> log)
{
    private static readonly ServerApiException NotFound = new(RichError.MethodNotFound);

    private static readonly ServerApiException Failed = new(RichError.Internal);

    /// <summary><c>POST /api/{method}</c>: the body is the parameters.</summary>
    public Task ServeMethodAsync(HttpContext context) => ServeAsync(context, (string)context.Request.RouteValues["method"]!, parameters => parameters);

    /// <summary><c>POST /api</c>: the body is <c>{"method", "params"}</c>.</summary>
    public Task ServeCommandAsync(HttpContext context) => ServeAsync(context, null, body => body.ValueKind == JsonValueKind.Object && body.TryGetProperty("params", out var parameters) ? parameters : default);

    /// <summary><c>GET /api/connections?user=&amp;channel=…</c>: the parameters stand in the query.</summary>
    public Task ListConnectionsAsync(HttpContext context) => ServeQueryAsync(context, "connections", "user", "client", "session", "channel", "node", "cursor");

    /// <summary><c>DELETE /api/connections?client=…</c>: closes them.</summary>
    public Task KickAsync(HttpContext context) => ServeQueryAsync(context, "disconnect", "user", "client", "session");

    private async Task ServeAsync(HttpContext context, string? method, Func<JsonElement, JsonElement> parametersOf)
    {
        if (!await IsAllowedAsync(context)) return;

        if (await RequestBody.ReadAsync(context.Request, settings.Body) is not { } bytes)
        {
            context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
            return;
        }

        using var body = Parse(bytes.Length == 0 ? "{}"u8.ToArray() : bytes);
        if (body is null || (method ?? MethodOf(body.RootElement)) is not { } name)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        await AnswerAsync(context, name, parametersOf(body.RootElement));
    }

    private async Task ServeQueryAsync(HttpContext context, string method, params string[] known)
    {
        if (!await IsAllowedAsync(context)) return;

        var query = context.Request.Query;
        var given = known.Where(name => query.ContainsKey(name)).ToDictionary(name => name, name => (object)query[name].ToString());
        if (long.TryParse(query["limit"], out var limit)) given["limit"] = limit;
        await AnswerAsync(context, method, JsonSerializer.SerializeToElement(given));
    }

    private async Task AnswerAsync(HttpContext context, string method, JsonElement parameters)
    {
        var answer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(answer);
        if (method == "batch") await WriteBatchAsync(json, parameters);
        else if (!await WriteAnswerAsync(json, method, parameters)) context.Response.StatusCode = StatusCodes.Status404NotFound;

        json.Flush();
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = answer.WrittenCount;
        await context.Response.Body.WriteAsync(answer.WrittenMemory, context.RequestAborted);
    }

    /// <summary>False for a method that is not there.</summary>
    private async Task<bool> WriteAnswerAsync(Utf8JsonWriter json, string method, JsonElement parameters)
    {
        var (result, failure) = await CallAsync(method, parameters);
        if (failure is null) ApiJson.WriteAnswer(json, result!);
        else ApiJson.WriteError(json, failure);
        return failure != NotFound;
    }

    private async Task WriteBatchAsync(Utf8JsonWriter json, JsonElement batch)
    {
        if (batch.ValueKind != JsonValueKind.Object || !batch.TryGetProperty("commands", out var commands) || commands.ValueKind != JsonValueKind.Array)
        {
            ApiJson.WriteError(json, ApiParameters.Bad("commands is a list"));
            return;
        }

        if (commands.GetArrayLength() > settings.Commands)
        {
            ApiJson.WriteError(json, new ServerApiException(RichError.LimitExceeded, "too many commands"));
            return;
        }

        var isParallel = batch.TryGetProperty("parallel", out var parallel) && parallel.ValueKind == JsonValueKind.True;
        var calls = commands.EnumerateArray().Select(CallOneAsync);
        List<(string Method, ApiMethods.WriteResult? Result, ServerApiException? Failure)> replies = [];
        if (isParallel) replies.AddRange(await Task.WhenAll(calls));
        else foreach (var call in calls) replies.Add(await call);

        json.WriteStartObject();
        json.WriteStartArray("replies");
        foreach (var (method, result, failure) in replies)
        {
            if (failure is null) ApiJson.WriteAnswer(json, result!, method);
            else ApiJson.WriteError(json, failure);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>A command of a batch: <c>{"publish": {…}}</c>.</summary>
    private async Task<(string Method, ApiMethods.WriteResult? Result, ServerApiException? Failure)> CallOneAsync(JsonElement command)
    {
        if (command.ValueKind != JsonValueKind.Object || command.EnumerateObject().Take(2).ToArray() is not [var only])
            return ("", null, ApiParameters.Bad("a command is an object with the method's parameters under its name"));

        var (result, failure) = await CallAsync(only.Name, only.Value);
        return (only.Name, result, failure);
    }

    private async Task<(ApiMethods.WriteResult? Result, ServerApiException? Failure)> CallAsync(string method, JsonElement parameters)
    {
        if (!ApiMethods.ByName.TryGetValue(method, out var call)) return (null, NotFound);

        try
        {
            return (await call(host.Node.Server, ApiParameters.Of(parameters, settings)), null);
        }
        catch (ServerApiException failure)
        {
            return (null, failure);
        }
        catch (Exception fault)
        {
            log.LogError(fault, "The server API's {Method} failed", method);
            return (null, Failed);
        }
    }

    private async Task<bool> IsAllowedAsync(HttpContext context)
    {
        context.Response.Headers.CacheControl = "no-store";
        if (key.Check(context.Request) is not { } refusal) return true;

        await refusal.WriteAsync(context);
        return false;
    }

    /// <summary>Null for what is no JSON.</summary>
    private static JsonDocument? Parse(byte[] body)
    {
        try
        {
            return Utf8.IsValid(body) ? JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = Payloads.Depth }) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string? MethodOf(JsonElement body) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty("method", out var method) && method.ValueKind == JsonValueKind.String ? method.GetString() : null;
}
