using Broker.Host.Tests.Server;

namespace Broker.Host.Tests.MustHold;

/// <summary>The server as the must-holds want it: open to all, gone at once.</summary>
internal static class Servers
{
    public static Task<ServerProcess> StartAsync(string redis, string settings = "", params (string Name, string Value)[] environment) => ServerProcess.StartAsync(
        $"broker {{ access = open, shutdown.drain = 0s, {settings} }}", [("BROKER_REDIS", redis), ("ASPNETCORE_ENVIRONMENT", "Production"), .. environment]);

    public static Uri WebSocket(this ServerProcess server, string facilityAndWords) => new($"ws://127.0.0.1:{server.Port}/ws/{facilityAndWords}");

    public static Uri Rich(this ServerProcess server) => new($"ws://127.0.0.1:{server.Port}/connection/websocket");

    /// <summary>One series of the metrics; 0 where it has not been counted yet.</summary>
    public static async Task<double> MetricAsync(this ServerProcess server, string name)
    {
        using var http = new HttpClient();
        var lines = (await http.GetStringAsync(new Uri(server.Address + "/metrics"))).Split('\n');
        return lines
            .Where(line => line.StartsWith(name, StringComparison.Ordinal) && line[name.Length] is ' ' or '{')
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture));
    }

    public static long ResidentBytes(this ServerProcess server)
    {
        var line = File.ReadLines($"/proc/{server.Pid}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture) * 1024;
    }
}
