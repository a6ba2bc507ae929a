using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;

namespace Broker.Host.Door;

/// <summary>The answer to a request at the door: kept until the pipeline is through, because all that is sent there is 101 or a refusal, which is short.</summary>
internal sealed class Answer : IHttpResponseFeature
{
    private readonly StreamResponseBodyFeature _bodyFeature = new(new MemoryStream());
    private Stack<(Func<object, Task> Callback, object State)>? _starting;
    private Stack<(Func<object, Task> Callback, object State)>? _completed;

    public IHttpResponseBodyFeature BodyFeature => _bodyFeature;

    public int StatusCode { get; set; } = StatusCodes.Status200OK;

    public string? ReasonPhrase { get; set; }

    public IHeaderDictionary Headers { get; set; } = new HeaderDictionary();

    public Stream Body
    {
        get => _bodyFeature.Stream;
        set => throw new NotSupportedException();
    }

    public bool HasStarted { get; private set; }

    private MemoryStream Buffer => (MemoryStream)_bodyFeature.Stream;

    public void OnStarting(Func<object, Task> callback, object state)
    {
        if (HasStarted) throw new InvalidOperationException("the response has started");
        (_starting ??= []).Push((callback, state));
    }

    public void OnCompleted(Func<object, Task> callback, object state) => (_completed ??= []).Push((callback, state));

    public async ValueTask SendAsync(PipeWriter output)
    {
        while (_starting?.TryPop(out var starting) == true) await starting.Callback(starting.State);
        await _bodyFeature.CompleteAsync();
        CheckHeaders();
        HasStarted = true;

        Write(output);
        await output.FlushAsync();
    }

    /// <summary>Nothing of what the application meant to say.</summary>
    public async ValueTask SendFailureAsync(PipeWriter output)
    {
        await _bodyFeature.CompleteAsync();
        StatusCode = StatusCodes.Status500InternalServerError;
        ReasonPhrase = null;
        Headers.Clear();
        _starting = null;
        Buffer.SetLength(0);
        await SendAsync(output);
    }

    public async ValueTask CompletedAsync(ILogger log)
    {
        while (_completed?.TryPop(out var completed) == true)
        {
            try
            {
                await completed.Callback(completed.State);
            }
            catch (Exception exception)
            {
                log.LogError(exception, "What was to be done after a websocket's request failed");
            }
        }
    }

    private void Write(PipeWriter output)
    {
        var hasBody = StatusCode is not (< 200 or StatusCodes.Status204NoContent or StatusCodes.Status304NotModified);
        if (hasBody) Headers.ContentLength = Buffer.Length;
        if (StringValues.IsNullOrEmpty(Headers.Date)) Headers.Date = DateTimeOffset.UtcNow.ToString("r", CultureInfo.InvariantCulture);

        Write(output, string.Create(CultureInfo.InvariantCulture, $"HTTP/1.1 {StatusCode} {ReasonPhrase ?? ReasonPhrases.GetReasonPhrase(StatusCode)}\r\n"));
        foreach (var (name, values) in Headers)
            foreach (var value in values) Write(output, $"{name}: {value}\r\n");

        Write(output, "\r\n");
        if (hasBody) output.Write(Buffer.GetBuffer().AsSpan(0, (int)Buffer.Length));
    }

    /// <summary>A line end in a value would begin a header, or an answer, that nobody meant.</summary>
    private void CheckHeaders()
    {
        foreach (var (name, values) in Headers)
            foreach (var value in values)
                if (name.AsSpan().ContainsAnyExceptInRange('!', '~') || value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
                    throw new InvalidOperationException($"the header {name} of an answer holds what no header may hold");
    }

    private static void Write(PipeWriter output, ReadOnlySpan<char> text) => Encoding.ASCII.GetBytes(text, output);
}
