namespace Broker.Host.Tests.WebSockets;

/// <summary>How long a test waits for what must happen.</summary>
internal static class Deadline
{
    public static readonly TimeSpan Fact = TimeSpan.FromSeconds(60);
}
