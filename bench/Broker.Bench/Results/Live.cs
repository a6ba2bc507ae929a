using System.Diagnostics;
using System.Globalization;
using Spectre.Console;

namespace Broker.Bench.Results;

/// <summary>
/// One line that says what is going on, on a terminal; elsewhere one line for each run. Drawn by the thread that measures, twice a second: it costs no other thread's wake-ups.
/// </summary>
internal sealed class Live(string title)
{
    private static readonly bool IsTerminal = AnsiConsole.Profile.Capabilities.Interactive && !Console.IsErrorRedirected && !Console.IsOutputRedirected;

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private long _shown = -1;

    public void Begin()
    {
        if (!IsTerminal) Console.Error.WriteLine(title);
    }

    public void Show(long count, string what)
    {
        if (!IsTerminal || _clock.ElapsedMilliseconds / 500 == _shown) return;

        _shown = _clock.ElapsedMilliseconds / 500;
        AnsiConsole.Write(new ControlCode(string.Create(CultureInfo.InvariantCulture, $"\r\u001b[K{title}, {_clock.Elapsed.TotalSeconds:N0} s: {count:N0} {what}")));
    }

    public static void Clear()
    {
        if (IsTerminal) AnsiConsole.Write(new ControlCode("\r\u001b[K"));
    }
}
