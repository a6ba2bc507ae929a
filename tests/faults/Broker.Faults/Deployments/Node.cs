using Broker.Host.Tests.Server;

namespace Broker.Faults.Deployments;

/// <summary>One Broker.Host process of a deployment, from its start to its end.</summary>
internal sealed class Node(int number, ServerProcess process, int linkPort, Forwarder? forwarder) : IAsyncDisposable
{
    public int Number { get; } = number;

    public ServerProcess Process { get; } = process;

    /// <summary>Where it takes other nodes' links.</summary>
    public int LinkPort { get; } = linkPort;

    /// <summary>What stands before its link port, if the deployment wants that.</summary>
    public Forwarder? Forwarder { get; } = forwarder;

    /// <summary>It takes clients: neither leaving nor dead.</summary>
    public bool IsOpen { get; set; } = true;

    public string Log => Process.Output + Process.Errors;

    public async Task<double> MetricAsync(string name)
    {
        using var http = new HttpClient();
        var lines = (await http.GetStringAsync(new Uri(Process.Address + "/metrics"))).Split('\n');
        return lines
            .Where(line => line.StartsWith(name, StringComparison.Ordinal) && line[name.Length] is ' ' or '{')
            .Sum(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], System.Globalization.CultureInfo.InvariantCulture));
    }

    public long ResidentBytes()
    {
        var line = File.ReadLines($"/proc/{Process.Pid}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture) * 1024;
    }

    public async ValueTask DisposeAsync()
    {
        IsOpen = false;
        await Process.DisposeAsync();
        if (Forwarder is not null) await Forwarder.DisposeAsync();
    }
}
