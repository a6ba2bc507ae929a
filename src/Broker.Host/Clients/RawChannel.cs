using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Settings;
using Broker.Hocon;
using Broker.Host.Identity;

namespace Broker.Host.Clients;

/// <summary>A path that bridges to any Redis channel: one of <c>broker.raw-channels</c>.</summary>
internal sealed record RawChannel(string Path, ChannelName Channel, bool Publish)
{
    public static RawChannel Read(HoconValue value)
    {
        var route = value.AsObject();
        route.OnlyKeys("path", "channel", "publish");

        var (path, channel) = (route.Get("path"), route.Get("channel"));
        if (!ClientSettings.PlainPath().IsMatch(path.AsString()))
            throw HoconChecks.Wrong(path, $"'{path.AsString()}' does not begin with a slash, or holds more than letters, digits and -._~/");
        if (channel.AsString().Length == 0) throw HoconChecks.Wrong(channel, "the channel has no name");

        return new RawChannel(path.AsString(), ChannelName.Raw(channel.AsString()), route.TryGetValue("publish", out var publish) && publish.AsBoolean());
    }

    /// <summary>Every client gets every message, its own too; nothing is kept. No heartbeat text: these clients do not know it.</summary>
    public ConnectionPlan PlanFor(Identified client) =>
        new(client.Caller, [Channel], Publish ? [Channel] : [], Echo: true, Replay: false, Persist: false, Token: client.Token);
}
