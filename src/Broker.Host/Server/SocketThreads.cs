namespace Broker.Host.Server;

/// <summary>
/// On which threads the server's sockets are served: the runtime's few that wait for their events do themselves what follows an event, in place of waking a thread of the pool for
/// each. Opening and closing a websocket takes a fifth less CPU (bench/README.md).
/// </summary>
/// <remarks>
/// Only for the server, in which no code runs but Broker's, which does not wait: an application's own code may, and would hold up every client of its thread. Environment variables are
/// the runtime's only way to be told, and they are read when the first socket has to wait.
/// </remarks>
internal static class SocketThreads
{
    public const string Inline = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";
    public const string Count = "DOTNET_SYSTEM_NET_SOCKETS_THREAD_COUNT";

    /// <summary>Half of the processors are for what actors and Redis's answers do. What the environment says wins.</summary>
    public static void Prepare()
    {
        SetDefault(Inline, "1");
        if (Environment.GetEnvironmentVariable(Inline) == "1") SetDefault(Count, $"{Math.Max(1, Environment.ProcessorCount / 2)}");
    }

    private static void SetDefault(string variable, string value)
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(variable))) Environment.SetEnvironmentVariable(variable, value);
    }
}
