using System.Diagnostics.Metrics;
using Broker.Actors.Relays;

namespace Broker.Actors.Settings;

/// <summary>
/// What a node counts, through one <see cref="Meter"/> named <c>Broker</c>: counters end in what they count, gauges are present numbers.
/// </summary>
public sealed class BrokerMetrics : IDisposable
{
    /// <summary>The meter's name, for whoever collects.</summary>
    public const string MeterName = "Broker";

    private readonly Meter _meter;
    private readonly Counter<long> _publicationsIn;
    private readonly Counter<long> _published;
    private readonly Counter<long> _dropped;
    private readonly Counter<long> _delivered;
    private readonly Counter<long> _conflated;
    private readonly Counter<long> _conflations;
    private readonly Counter<long> _bytesIn;
    private readonly Counter<long> _bytesOut;
    private readonly Counter<long> _lost;
    private readonly Counter<long> _closed;
    private readonly Counter<long> _deadLetters;
    private readonly Counter<long> _overLimit;
    private readonly Counter<long> _messagesDropped;
    private readonly Counter<long> _streamEntries;
    private long _connections;
    private long _relays;
    private long _channels;

    /// <summary>Begins to count.</summary>
    /// <param name="redisConnected">Whether Redis can be reached, asked when somebody collects.</param>
    public BrokerMetrics(Func<bool> redisConnected)
    {
        _meter = new Meter(MeterName);
        _publicationsIn = _meter.CreateCounter<long>("broker.publications.received", description: "Publications that arrived from Redis on this node's channels");
        _published = _meter.CreateCounter<long>("broker.publications.published", description: "Publications that this node's clients and code published, counted per channel");
        _dropped = _meter.CreateCounter<long>("broker.publishes.failed", description: "Publishes that failed, by reason");
        _delivered = _meter.CreateCounter<long>("broker.publications.delivered", description: "Publications handed to clients, counted per client");
        _conflated = _meter.CreateCounter<long>("broker.publications.conflated", description: "Publications that slow clients were not sent because newer ones of their channels came, or because they are to subscribe again, counted per client");
        _conflations = _meter.CreateCounter<long>("broker.outbox.conflations", description: "How often a client's outbox was full and made room so");
        _bytesIn = _meter.CreateCounter<long>("broker.bytes.received", "By", "Payload bytes that clients sent");
        _bytesOut = _meter.CreateCounter<long>("broker.bytes.sent", "By", "Bytes written to clients");
        _lost = _meter.CreateCounter<long>("broker.publications.lost", description: "Publications that did not reach this node and could not be fetched");
        _closed = _meter.CreateCounter<long>("broker.connections.closed", description: "Connections that ended, by close code");
        _overLimit = _meter.CreateCounter<long>("broker.limits.exceeded", description: "What clients were refused because of a limit of broker.limits, by the limit");
        _deadLetters = _meter.CreateCounter<long>("broker.dead.letters", description: "Messages to actors that were gone");
        _messagesDropped = _meter.CreateCounter<long>("broker.messages.dropped", description: "Messages of rich clients (send) for which the application has no handler, or whose handler failed");
        _streamEntries = _meter.CreateCounter<long>("broker.stream.entries", description: "Entries of Redis streams that this node published, by outcome; those without their field, too large or deleted were not");
        _meter.CreateObservableUpDownCounter("broker.connections", () => Interlocked.Read(ref _connections), description: "Open client connections");
        _meter.CreateObservableUpDownCounter("broker.relays", () => Interlocked.Read(ref _relays), description: "Channels with local clients");
        _meter.CreateObservableUpDownCounter("broker.channels", () => Interlocked.Read(ref _channels), description: "Channel actors on this node, one Redis subscription each");
        _meter.CreateObservableGauge("broker.redis.connected", () => redisConnected() ? 1 : 0, description: "1 while Redis can be reached");
    }

    /// <summary>The meter itself: its name is every node's in the process.</summary>
    internal Meter Meter => _meter;

    /// <summary>Open client connections.</summary>
    public long Connections => Interlocked.Read(ref _connections);

    /// <summary>Channels with local clients.</summary>
    public long Relays => Interlocked.Read(ref _relays);

    /// <summary>Channel actors on this node.</summary>
    public long Channels => Interlocked.Read(ref _channels);

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    internal void BytesIn(long bytes) => _bytesIn.Add(bytes);

    internal void BytesOut(long bytes) => _bytesOut.Add(bytes);

    internal void ConnectionOpened() => Interlocked.Increment(ref _connections);

    internal void ConnectionClosed(int code)
    {
        Interlocked.Decrement(ref _connections);
        _closed.Add(1, new KeyValuePair<string, object?>("code", code));
    }

    internal void RelayStarted() => Interlocked.Increment(ref _relays);

    internal void RelayStopped() => Interlocked.Decrement(ref _relays);

    internal void ChannelStarted() => Interlocked.Increment(ref _channels);

    internal void ChannelStopped() => Interlocked.Decrement(ref _channels);

    internal void PublicationsIn(int count) => _publicationsIn.Add(count);

    /// <summary>A publish on one channel has ended, whoever published.</summary>
    internal void PublishEnded(PublishResult result)
    {
        if (result.Failure is { } failure) PublishFailed(failure.ToString().ToLowerInvariant());
        else _published.Add(1);
    }

    internal void PublishFailed(string reason) => _dropped.Add(1, new KeyValuePair<string, object?>("reason", reason));

    internal void Delivered(long count) => _delivered.Add(count);

    /// <summary>A client's outbox was full and has dropped so many publications.</summary>
    internal void Conflated(int count)
    {
        _conflated.Add(count);
        _conflations.Add(1);
    }

    internal void PublicationsLost(long count) => _lost.Add(count);

    internal void StreamEntries(int count, string outcome) => _streamEntries.Add(count, new KeyValuePair<string, object?>("outcome", outcome));

    internal void MessageDropped() => _messagesDropped.Add(1);

    internal void OverLimit(string limit) => _overLimit.Add(1, new KeyValuePair<string, object?>("limit", limit));

    internal void DeadLetter() => _deadLetters.Add(1);
}
