namespace Broker.Actors.Redis.Subscriptions;

/// <param name="MaxReply">Bytes of one message; a larger one costs the connection.</param>
/// <param name="Silence">A connection that has been silent so long is pinged, and given up when it is silent for as long again.</param>
/// <param name="ConnectTimeout">For connecting, TLS and getting in together; also for one write.</param>
/// <param name="MaxBackOff">The longest wait between two attempts to connect.</param>
internal sealed record SubscriptionSettings(int MaxReply, TimeSpan Silence, TimeSpan ConnectTimeout, TimeSpan MaxBackOff);
