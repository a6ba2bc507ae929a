using System.Runtime.InteropServices;
using Broker.Bench.Servers;

/// <summary>
/// Loaded by the runtime into a server whose heap is asked for (<c>DOTNET_STARTUP_HOOKS</c>, which wants this name, outside of any namespace): at SIGUSR1 it collects all
/// garbage and writes what is left to the file that <see cref="FileVariable"/> names.
/// </summary>
internal static class StartupHook
{
    public const string FileVariable = "BROKER_BENCH_HEAP_FILE";

    private const PosixSignal Asked = (PosixSignal)10;

    private static PosixSignalRegistration? _registration;

    public static void Initialize() => _registration = PosixSignalRegistration.Create(Asked, static signal =>
    {
        signal.Cancel = true;
        var file = Environment.GetEnvironmentVariable(FileVariable)!;
        File.WriteAllText(file + ".new", CollectedHeap.Look().ToString());
        File.Move(file + ".new", file, overwrite: true);
    });
}
