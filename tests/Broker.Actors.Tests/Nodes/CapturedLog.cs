using System.Text;
using Microsoft.Extensions.Logging;

namespace Broker.Actors.Tests.Nodes;

/// <summary>All that a node, and beside it the process's consoles, have logged: the engine's own log goes there.</summary>
internal sealed class CapturedLog : ILoggerFactory, ILogger
{
    private readonly StringBuilder _text = new();
    private readonly TextWriter _error = Console.Error;
    private readonly TextWriter _output = Console.Out;

    public CapturedLog()
    {
        Console.SetError(new Tee(_error, this));
        Console.SetOut(new Tee(_output, this));
    }

    public string Text
    {
        get { lock (_text) return _text.ToString(); }
    }

    public void Add(string line)
    {
        lock (_text) _text.AppendLine(line);
    }

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Add($"{formatter(state, exception)} {exception}");

    public void Dispose()
    {
        Console.SetError(_error);
        Console.SetOut(_output);
    }

    private sealed class Tee(TextWriter inner, CapturedLog log) : TextWriter
    {
        public override Encoding Encoding => inner.Encoding;

        public override void Write(char value) => inner.Write(value);

        public override void WriteLine(string? value)
        {
            log.Add(value ?? "");
            inner.WriteLine(value);
        }
    }
}
