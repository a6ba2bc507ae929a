using Broker.Actors.Channels;
using Broker.Actors.Settings;
using Broker.Hocon;

namespace Broker.Actors.Streams;

/// <summary>A Redis stream whose entries are published on a channel: one of <c>broker.streams</c>.</summary>
/// <param name="Stream">Its key, as Redis knows it.</param>
/// <param name="Group">The consumer group that remembers how far it has been published.</param>
/// <param name="Field">The entry's field that is the payload.</param>
internal sealed record StreamRule(string Stream, string Group, ChannelName Channel, string Field)
{
    /// <exception cref="HoconException">A value is missing or wrong, or there is no Redis for streams to be in.</exception>
    public static IReadOnlyList<StreamRule> ReadAll(HoconObject broker)
    {
        var rules = new List<StreamRule>();
        foreach (var value in broker.Get("streams").AsList())
        {
            if (broker.Get("redis.connection").AsString().Length == 0)
                throw HoconChecks.Wrong(value, "the embedded store has no streams, and nobody else could add to one: set broker.redis.connection, too");

            var rule = Read(value);
            if (rules.Any(other => other.Stream == rule.Stream && other.Group == rule.Group))
                throw HoconChecks.Wrong(value, $"stream '{rule.Stream}' has group '{rule.Group}' above already: each of the two would get a part of the entries");

            rules.Add(rule);
        }

        return rules;
    }

    private static StreamRule Read(HoconValue value)
    {
        var rule = value.AsObject();
        rule.OnlyKeys("stream", "group", "channel", "field");

        var channel = rule.Get("channel");
        var name = ChannelName.Parse(channel.AsString());
        if (name.Kind == ChannelKind.Raw)
            throw HoconChecks.Wrong(channel, $"'{channel.AsString()}' is no channel such as \"broadcast:orders\" or \"user:john:orders\"");

        return new StreamRule(Text(rule.Get("stream")), Text(rule.Get("group")), name, Text(rule.Get("field")));
    }

    private static string Text(HoconValue value) => value.AsString() is { Length: > 0 } text ? text : throw HoconChecks.Wrong(value, "it has no name");
}
