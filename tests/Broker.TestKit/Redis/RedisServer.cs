using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Broker.Testing.Redis;

/// <summary>
/// A real redis-server on a free port of this machine: nothing is kept on disk, and it ends with this object or with the test process, whichever is first.
/// </summary>
public sealed class RedisServer : IAsyncDisposable
{
    // When our end of the shell's standard input closes, however we ended, it kills Redis. It goes after Redis: a new one could not have the port before.
    private const string Guard = """redis-server "$@" </dev/null >redis.log 2>&1 & echo $!; cat >/dev/null; kill -9 $! 2>/dev/null; wait""";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly string[] _arguments;
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("redis-");
    private Process? _guard;
    private int _pid;

    private RedisServer(int port, string? password, string[] arguments, string? sentinel = null)
    {
        (Port, Password) = (port, password);
        _arguments =
        [
            .. sentinel is null ? Array.Empty<string>() : [SentinelFile(sentinel), "--sentinel"],
            "--port", Number(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", _directory.FullName,
            .. password is null ? Array.Empty<string>() : ["--requirepass", password],
            .. arguments,
        ];
    }

    public int Port { get; }

    public string? Password { get; }

    /// <summary>As Broker's settings take it.</summary>
    public string ConnectionString => Password is null ? $"redis://127.0.0.1:{Port}" : $"redis://:{Uri.EscapeDataString(Password)}@127.0.0.1:{Port}";

    /// <param name="password">Null for none.</param>
    /// <param name="arguments">More of redis-server's own, such as <c>--maxmemory 1mb</c>.</param>
    public static async Task<RedisServer> StartAsync(string? password = null, params string[] arguments)
    {
        var server = new RedisServer(FreePort(), password, arguments);
        await server.RestartAsync();
        return server;
    }

    /// <summary>A sentinel that watches a master alone: it makes a replica the master when the master has been silent for two seconds.</summary>
    public static async Task<RedisServer> StartSentinelAsync(RedisServer master)
    {
        var watched = string.Create(
            CultureInfo.InvariantCulture,
            $"sentinel monitor broker 127.0.0.1 {master.Port} 1\nsentinel down-after-milliseconds broker 2000\nsentinel failover-timeout broker 10000\n");
        var sentinel = new RedisServer(FreePort(), null, [], watched);
        await sentinel.RestartAsync();
        return sentinel;
    }

    /// <summary>
    /// A port on which nobody listens at the moment. Below those that the system gives to outgoing connections: one of these, trying to reach a server that is down, may get the
    /// server's own port, and the server cannot come back.
    /// </summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = Random.Shared.Next(10_000, 32_768);
            using var listener = new TcpListener(IPAddress.Loopback, port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException)
            {
                // Somebody listens there.
            }
        }
    }

    /// <summary>Starts it again on its port: empty, unless its arguments let it keep something.</summary>
    public async Task RestartAsync()
    {
        await StopGuardAsync();
        _guard = Run("sh", ["-c", Guard, "redis", .. _arguments]);
        _pid = int.Parse((await _guard.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
        await AnswersAsync();
    }

    /// <summary><c>kill -9</c>.</summary>
    public void Kill()
    {
        using var process = Process.GetProcessById(_pid);
        process.Kill();
    }

    /// <summary>It keeps its connections and answers nothing.</summary>
    public Task PauseAsync() => SignalAsync("-STOP");

    public Task ResumeAsync() => SignalAsync("-CONT");

    /// <summary>What <c>redis-cli</c> prints.</summary>
    public Task<string> CliAsync(params string[] arguments) => CliAsync(null, arguments);

    /// <summary>A <c>redis-cli</c> that goes on, such as one that subscribes. Whoever starts it ends it.</summary>
    public Process StartCli(params string[] arguments)
    {
        string[] login = Password is null ? [] : ["-a", Password, "--no-auth-warning"];
        return Run("redis-cli", ["-h", "127.0.0.1", "-p", Number(Port), .. login, .. arguments]);
    }

    /// <summary>Sends commands in one go, as a pipelining client does, and waits until all are answered.</summary>
    public async Task PipeAsync(IEnumerable<string[]> commands)
    {
        var bytes = new StringBuilder();
        foreach (var command in commands)
        {
            bytes.Append(CultureInfo.InvariantCulture, $"*{command.Length}\r\n");
            foreach (var part in command) bytes.Append(CultureInfo.InvariantCulture, $"${Encoding.UTF8.GetByteCount(part)}\r\n{part}\r\n");
        }

        var report = await CliAsync(bytes.ToString(), ["--pipe"]);
        if (!report.Contains("errors: 0,", StringComparison.Ordinal)) throw new InvalidOperationException(report);
    }

    public async ValueTask DisposeAsync()
    {
        await StopGuardAsync();
        _directory.Delete(recursive: true);
    }

    internal async Task<string> CliAsync(string? input, string[] arguments)
    {
        using var cli = StartCli(arguments);
        var output = cli.StandardOutput.ReadToEndAsync();
        if (input is not null) await cli.StandardInput.WriteAsync(input);
        cli.StandardInput.Close();
        await cli.WaitForExitAsync().WaitAsync(Patience);
        return (await output).TrimEnd('\n');
    }

    private static string Number(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>A sentinel's own file, which it also writes.</summary>
    private string SentinelFile(string text)
    {
        var file = Path.Combine(_directory.FullName, "sentinel.conf");
        File.WriteAllText(file, text);
        return file;
    }

    private async Task AnswersAsync()
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            // Asked only when somebody listens: redis-cli complains aloud.
            if (Listens() && await CliAsync("PING") == "PONG") return;
            if (clock.Elapsed > Patience) throw new InvalidOperationException($"redis-server on port {Port} does not come up: {Log()}");

            await Task.Delay(20);
        }
    }

    private bool Listens()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private string Log() => File.ReadAllText(Path.Combine(_directory.FullName, "redis.log"));

    private async Task SignalAsync(string signal)
    {
        using var kill = Run("kill", [signal, Number(_pid)]);
        await kill.WaitForExitAsync();
    }

    private async Task StopGuardAsync()
    {
        if (_guard is null) return;

        _guard.StandardInput.Close();
        await _guard.WaitForExitAsync();
        _guard.Dispose();
        _guard = null;
    }

    private Process Run(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            WorkingDirectory = _directory.FullName,
        };

        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception missing)
        {
            throw new InvalidOperationException($"{program} is needed by the tests and is not installed (Debian: apt-get install redis-server)", missing);
        }
    }
}
