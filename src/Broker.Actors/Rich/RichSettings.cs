using Broker.Actors.Settings;
using Broker.Hocon;

namespace Broker.Actors.Rich;

/// <summary>Times of rich clients, from <c>broker.rich</c>.</summary>
/// <param name="ConnectTimeout">Who has not connected by then is closed with 3502.</param>
/// <param name="SubscribeTimeout">What has not subscribed by then fails, for now.</param>
/// <param name="RefreshGrace">How much later than said a token is over.</param>
internal sealed record RichSettings(TimeSpan ConnectTimeout, TimeSpan PingInterval, TimeSpan PongTimeout, TimeSpan SubscribeTimeout, TimeSpan RefreshGrace, RichLimits Limits)
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    /// <exception cref="HoconException">A value is missing or wrong.</exception>
    public static RichSettings Read(HoconObject broker)
    {
        var rich = broker.GetObject("rich");
        var limits = broker.GetObject("limits");
        var interval = rich.Get("ping-interval").DurationAtLeast(Second);
        var pong = rich.Get("pong-timeout").Period();
        if (pong >= interval) throw HoconChecks.Wrong(rich.Get("pong-timeout"), "it is not shorter than ping-interval");

        return new RichSettings(
            rich.Get("connect-timeout").Period(),
            interval,
            pong,
            rich.Get("subscribe-timeout").Period(),
            rich.Get("refresh-grace").Delay(),
            new RichLimits(
                limits.Get("channels-per-connection").IntAtLeast(0),
                limits.Get("channel-length").IntAtLeast(1),
                limits.Get("commands-per-frame").IntAtLeast(1),
                ReadRates(limits, ""),
                limits.Get("refusals").IntAtLeast(1),
                ReadRates(limits, "user-"),
                limits.Get("user-connections").IntAtLeast(0)));
    }

    private static SendLimits ReadRates(HoconObject limits, string whose)
    {
        var (commands, publishes, bytes) = (whose + "command-rate", whose + "publish-rate", whose + "publish-bytes");
        return new SendLimits(
            new RateLimit(commands, limits.Get(commands).IntAtLeast(0)),
            new RateLimit(publishes, limits.Get(publishes).IntAtLeast(0)),
            new RateLimit(bytes, limits.Get(bytes).SizeAtLeast(0)));
    }
}

/// <summary>What one rich client, and one user's on this node, may do: from <c>broker.limits</c>.</summary>
/// <param name="Refusals">Who is refused so often for a rate within ten seconds is closed with 3013.</param>
/// <param name="User">Of all connections of one user on this node together.</param>
/// <param name="UserConnections">Of one user on this node; 0 for any number.</param>
internal sealed record RichLimits(int Channels, int ChannelLength, int CommandsPerFrame, SendLimits Own, int Refusals, SendLimits User, int UserConnections);
