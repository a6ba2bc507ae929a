namespace Broker.Faults;

/// <summary>How large a scenario is run.</summary>
/// <param name="Clients">Websockets, spread evenly over nodes and channels.</param>
/// <param name="Channels">How many channels they listen to.</param>
/// <param name="PerSecond">Publications a channel gets in a second, from all nodes together.</param>
/// <param name="Seconds">How long the traffic goes on before, and after, what happens.</param>
/// <param name="Lease">The nodes' lease, in seconds.</param>
/// <param name="Times">How often what happens happens.</param>
public sealed record Scale(int Clients, int Channels, double PerSecond, double Seconds, int Lease, int Times)
{
    /// <summary>What the issue demands.</summary>
    public static Scale Full { get; } = new(Clients: 3000, Channels: 30, PerSecond: 5, Seconds: 10, Lease: 5, Times: 10);

    /// <summary>Seconds, beside other tests.</summary>
    public static Scale Small { get; } = new(Clients: 90, Channels: 6, PerSecond: 15, Seconds: 1.5, Lease: 1, Times: 1);

    internal TimeSpan Time => TimeSpan.FromSeconds(Seconds);

    internal IReadOnlyList<string> Facilities { get; } = [.. Enumerable.Range(0, Channels).Select(number => $"room-{number:00}")];
}
