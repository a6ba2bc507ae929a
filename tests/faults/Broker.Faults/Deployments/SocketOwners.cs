using System.Globalization;

namespace Broker.Faults.Deployments;

/// <summary>Which process holds a TCP port of this machine: from the kernel's tables.</summary>
internal static class SocketOwners
{
    /// <summary>The local ports of a process's connections and listeners.</summary>
    public static HashSet<int> PortsOf(int pid)
    {
        var inodes = new HashSet<string>();
        foreach (var descriptor in Directory.EnumerateFiles($"/proc/{pid}/fd"))
        {
            if (File.ResolveLinkTarget(descriptor, returnFinalTarget: false)?.Name is { } name && name.StartsWith("socket:[", StringComparison.Ordinal))
                inodes.Add(name[8..^1]);
        }

        return [.. new[] { "tcp", "tcp6" }.SelectMany(table => File.ReadLines($"/proc/{pid}/net/{table}").Skip(1)).Select(Read).Where(row => inodes.Contains(row.Inode)).Select(row => row.Port)];
    }

    private static (int Port, string Inode) Read(string line)
    {
        var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return (int.Parse(fields[1].AsSpan(fields[1].LastIndexOf(':') + 1), NumberStyles.HexNumber, CultureInfo.InvariantCulture), fields[9]);
    }
}
