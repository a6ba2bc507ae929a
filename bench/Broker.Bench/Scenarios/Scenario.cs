using Broker.Bench.Results;
using Broker.Bench.Servers;

namespace Broker.Bench.Scenarios;

/// <summary>One question that the bench answers.</summary>
/// <param name="Name">The verb.</param>
/// <param name="Says">What it measures, in a line.</param>
/// <param name="Tables">Its answer: mostly one.</param>
internal sealed record Scenario(string Name, string Says, IReadOnlyList<Comparison> Tables)
{
    public static IReadOnlyList<Scenario> Loads { get; } = [FanOut.Scenario, FixedRate.Scenario, ManyChannels.Scenario, Idle.Scenario, Churning.Scenario, SlowReader.Scenario, Publishing.Scenario];

    /// <summary>For a time of its own: every load many times.</summary>
    public static Scenario Memory { get; } = Aftermath.Of(Loads);
}

/// <summary>Servers that are measured in the same way, in turn, and set beside each other.</summary>
/// <param name="Title">What stands over the table.</param>
/// <param name="Measure">One run on one server.</param>
internal sealed record Comparison(string Title, Func<Setup, Measurement> Measure)
{
    /// <summary>Broker in the ways that matter here; the first is what ratios are to.</summary>
    public IReadOnlyList<Peer> Ours { get; init; } = [Peer.Broker];

    /// <summary>Whether others can do it at all.</summary>
    public bool HasOthers { get; init; } = true;

    /// <summary>HOCON that Broker gets.</summary>
    public string Configuration { get; init; } = "";

    /// <summary>Whether the server is to say how much it keeps.</summary>
    public bool TellsHeap { get; init; }
}
