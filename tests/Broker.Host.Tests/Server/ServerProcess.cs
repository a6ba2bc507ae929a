using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Broker.Host.Tests.Server;

/// <summary>
/// The server as a process of its own, as users start it. It ends with this object or with the test process, whichever is first.
/// </summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    // The shell's background reader sees the end of our standard input, however we ended, and kills the server. Descriptor 3 is that input: a background job's own is /dev/null.
    // The group, because dotnet run is two processes.
    private const string Guard =
        """exec 3<&0; setsid "$@" 3<&- </dev/null & pid=$!; echo "pid $pid"; (cat <&3; kill -9 -$pid) >/dev/null 2>&1 & wait $pid; exit $?""";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();
    private readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _outputs;
    private readonly Regex _isReady;
    private int _pid;

    private ServerProcess(Process process, Regex isReady)
    {
        (_process, _isReady) = (process, isReady);
        _outputs = Task.WhenAll(ReadAsync(process.StandardOutput, _output), ReadAsync(process.StandardError, _errors));
    }

    public static string Assembly { get; } = Path.Combine(AppContext.BaseDirectory, "Broker.Host.dll");

    /// <summary>Where clients go, e.g. <c>http://127.0.0.1:8000</c>.</summary>
    public string Address { get; private set; } = "";

    public int Port => new Uri(Address).Port;

    public int Pid => _pid;

    public string ReadyLine { get; private set; } = "";

    public string Output
    {
        get { lock (_output) return _output.ToString(); }
    }

    public string Errors
    {
        get { lock (_errors) return _errors.ToString(); }
    }

    /// <summary>Starts it on a free port and waits until it is ready.</summary>
    public static Task<ServerProcess> StartAsync(string configuration = "", params (string Name, string Value)[] environment) =>
        StartOnAsync(0, configuration, environment);

    public static async Task<ServerProcess> StartOnAsync(int port, string configuration, params (string Name, string Value)[] environment)
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, configuration);
        var server = Launch(["dotnet", Assembly, "--urls", string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"), "--config", file], environment);
        await server.IsReadyAsync();
        File.Delete(file);
        return server;
    }

    /// <summary>Starts a command that becomes a server, or fails to.</summary>
    public static ServerProcess Launch(string[] command, params (string Name, string Value)[] environment) => Launch(command, BrokerIsReady(), environment);

    /// <param name="isReady">The line that says so; its group is the address behind the scheme.</param>
    public static ServerProcess Launch(string[] command, Regex isReady, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("sh", ["-c", Guard, "server", .. command])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // Whoever runs the tests may have his own.
        string[] prefixes = ["ASPNETCORE_", "DOTNET_ENVIRONMENT", "DOTNET_LAUNCH_PROFILE", "BROKER_"];
        foreach (var name in start.Environment.Keys.Where(name => prefixes.Any(name.StartsWith)).ToArray()) start.Environment.Remove(name);
        foreach (var (name, value) in environment) start.Environment[name] = value;
        return new ServerProcess(Process.Start(start)!, isReady);
    }

    public async Task IsReadyAsync()
    {
        var first = await Task.WhenAny(_ready.Task, _outputs).WaitAsync(Patience);
        if (first != _ready.Task) throw new InvalidOperationException($"The server did not start: {Errors} {Output}");

        ReadyLine = await _ready.Task;
        Address = "http" + _isReady.Match(ReadyLine).Groups[1].Value;
    }

    public void Signal(string signal)
    {
        using var kill = Process.Start("kill", [signal, _pid.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Its exit code, once it has ended by itself.</summary>
    public async Task<int> EndsAsync()
    {
        await _process.WaitForExitAsync().WaitAsync(Patience);
        await _outputs;
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    [GeneratedRegex("^Broker is ready: ws(://[^/ ]+)/")]
    private static partial Regex BrokerIsReady();

    private async Task ReadAsync(StreamReader reader, StringBuilder text)
    {
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line.StartsWith("pid ", StringComparison.Ordinal))
            {
                _pid = int.Parse(line.AsSpan(4), CultureInfo.InvariantCulture);
                continue;
            }

            lock (text) text.Append(line).Append('\n');
            if (_isReady.IsMatch(line)) _ready.TrySetResult(line);
        }
    }
}
