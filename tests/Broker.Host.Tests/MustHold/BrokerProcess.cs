using System.Diagnostics;

namespace Broker.Host.Tests.MustHold;

/// <summary>The server as a process of its own, on a port of the system's choice; killed by its id at the end.</summary>
internal sealed class BrokerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly string _configuration;

    private BrokerProcess(Process process, Uri webSockets, string configuration)
    {
        _process = process;
        _configuration = configuration;
        WebSockets = webSockets;
        Http = new UriBuilder(webSockets) { Scheme = "http", Path = "/" }.Uri;
    }

    /// <summary>ws://…/ws/</summary>
    public Uri WebSockets { get; }

    public Uri Http { get; }

    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    public static async Task<BrokerProcess> StartAsync(string redis, string settings = "", string environment = "Development", string url = "http://127.0.0.1:0")
    {
        var configuration = Path.GetTempFileName();
        await File.WriteAllTextAsync(configuration, $"broker {{ access = open, shutdown.drain = 0s, {settings} }}");

        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList = { Path.Combine(AppContext.BaseDirectory, "Broker.Host.dll"), "--config", configuration, "--urls", url },
            Environment = { ["ASPNETCORE_ENVIRONMENT"] = environment, ["BROKER_REDIS"] = redis },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        var process = Process.Start(start)!;
        var ready = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        process.OutputDataReceived += (_, line) =>
        {
            if (line.Data?.Split("Broker is ready: ") is [_, var rest]) ready.TrySetResult(new Uri(rest.Split(' ')[0]));
        };
        process.ErrorDataReceived += (_, line) => { };
        process.Exited += (_, _) => ready.TrySetException(new InvalidOperationException("the broker ended before it was ready"));
        process.EnableRaisingEvents = true;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();

        return new BrokerProcess(process, await ready.Task.WaitAsync(TimeSpan.FromSeconds(60)), configuration);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        File.Delete(_configuration);
    }
}
