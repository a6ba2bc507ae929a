using System.Globalization;
using System.Runtime.InteropServices;

namespace Broker.Bench.Servers;

/// <summary>What a process has used, out of /proc.</summary>
internal static partial class ProcessUse
{
    private const int ClockTicks = 2;

    private static readonly double TicksPerSecond = SysConf(ClockTicks);

    /// <summary>Seconds of CPU, user and kernel, of all its threads.</summary>
    public static double Cpu(int pid)
    {
        var stat = File.ReadAllText($"/proc/{pid}/stat");
        // The name may hold anything; what follows its last parenthesis is numbers. The first of them is the third of proc(5).
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (Number(fields[11]) + Number(fields[12])) / TicksPerSecond;
    }

    /// <summary>Bytes that are resident.</summary>
    public static long Resident(int pid)
    {
        var line = File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal));
        return 1024 * Number(line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1]);
    }

    /// <summary>What else the machine does: the load average of the last minute.</summary>
    public static double LoadAverage() => double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);

    private static long Number(string text) => long.Parse(text, CultureInfo.InvariantCulture);

    [LibraryImport("libc", EntryPoint = "sysconf")]
    private static partial long SysConf(int name);
}
