using Broker.Hocon;

namespace Broker.Actors.Settings;

/// <summary>What happens when too much waits for a client, for facilities of a pattern.</summary>
internal sealed record OutboxRule(Glob Facility, bool Conflates)
{
    public static OutboxRule Read(KeyValuePair<string, HoconValue> rule) => new(new Glob(rule.Key), ReadPolicy(rule.Value));

    /// <summary>True for what conflates.</summary>
    public static bool ReadPolicy(HoconValue value) => value.OneOf("disconnect", "conflate") == "conflate";
}
