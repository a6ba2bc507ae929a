using System.Buffers;
using Broker.Actors.Channels;
using Broker.Actors.Serving;

namespace Broker.Actors.Rich.Protocol;

/// <summary>
/// Writes what rich clients get, one reply or push at a time, without websocket framing. What is zero, false or empty is left out. One for each thread and encoding: what is written is
/// written, and taken, in one go.
/// </summary>
internal abstract class RichWriter
{
    protected static readonly string ServerVersion = $"Broker {typeof(RichWriter).Assembly.GetName().Version!.ToString(3)}";

    private ArrayBufferWriter<byte> _output = new(1024);

    /// <summary>What was written last; only until the next one is.</summary>
    public ReadOnlySpan<byte> Written => _output.WrittenSpan;

    /// <summary>The server's ping.</summary>
    public abstract void Ping();

    public abstract void Error(uint id, RichError error);

    public abstract void Connected(uint id, ConnectResult result);

    public abstract void Subscribed(uint id, SubscribeResult result);

    public abstract void Unsubscribed(uint id);

    public abstract void Published(uint id);

    public abstract void Pinged(uint id);

    public abstract void Presence(uint id, IEnumerable<ClientInfo> clients);

    public abstract void PresenceStats(uint id, uint clients, uint users);

    public abstract void History(uint id, HistoryView result);

    public abstract void Called(uint id, ReadOnlyMemory<byte> data);

    public abstract void Refreshed(uint id, string client, Lifetime lifetime);

    public abstract void SubRefreshed(uint id, Lifetime lifetime);

    // What the server says unasked.

    /// <param name="channel">As the client knows it.</param>
    /// <param name="withOffset">The channel has a history.</param>
    public abstract void PushPublication(string channel, Publication publication, bool withOffset);

    public abstract void PushJoin(string channel, ClientInfo client);

    public abstract void PushLeave(string channel, ClientInfo client);

    public abstract void PushUnsubscribe(string channel, UnsubscribeCode code);

    /// <summary>The server has subscribed the client. Its publications, if the result has any, are pushed after it.</summary>
    public abstract void PushSubscribe(string channel, SubscribeResult result);

    public abstract void PushRefresh(Lifetime lifetime);

    /// <summary>Where the next one goes.</summary>
    protected IBufferWriter<byte> Begin()
    {
        const int kept = 64 * 1024;
        if (_output.Capacity > kept) _output = new ArrayBufferWriter<byte>(1024);
        else _output.ResetWrittenCount();

        return _output;
    }
}
