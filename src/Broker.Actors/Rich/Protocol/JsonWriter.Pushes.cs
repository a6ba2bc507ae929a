using Broker.Actors.Channels;
using Broker.Actors.Connections;

namespace Broker.Actors.Rich.Protocol;

// What the server says unasked.
internal sealed partial class JsonWriter
{
    /// <inheritdoc/>
    public override void PushPublication(string channel, Publication publication, bool withOffset)
    {
        BeginPush(channel);
        _json.WritePropertyName("pub"u8);
        Write(publication, withOffset);
        End();
    }

    /// <inheritdoc/>
    public override void PushJoin(string channel, ClientInfo client) => PushInfo(channel, "join"u8, client);

    /// <inheritdoc/>
    public override void PushLeave(string channel, ClientInfo client) => PushInfo(channel, "leave"u8, client);

    /// <inheritdoc/>
    public override void PushUnsubscribe(string channel, UnsubscribeCode code)
    {
        BeginPush(channel);
        _json.WriteStartObject("unsubscribe"u8);
        Write("code"u8, code.Code);
        Write("reason"u8, code.Reason);
        _json.WriteEndObject();
        End();
    }

    /// <inheritdoc/>
    public override void PushSubscribe(string channel, SubscribeResult result)
    {
        BeginPush(channel);
        _json.WriteStartObject("subscribe"u8);
        Write("recoverable"u8, result.Recoverable);
        Write("positioned"u8, result.Positioned);
        if (result.Recoverable || result.Positioned) Write(result.Position);
        Write("data"u8, result.Data);
        _json.WriteEndObject();
        End();
    }

    /// <inheritdoc/>
    public override void PushRefresh(Lifetime lifetime)
    {
        BeginPush("");
        _json.WriteStartObject("refresh"u8);
        Write(lifetime);
        _json.WriteEndObject();
        End();
    }

    /// <summary>For transports that have no close code; a websocket has.</summary>
    public void PushDisconnect(CloseReason reason)
    {
        BeginPush("");
        _json.WriteStartObject("disconnect"u8);
        Write("code"u8, reason.Code);
        Write("reason"u8, reason.Text);
        _json.WriteEndObject();
        End();
    }

    /// <summary>A publication and nothing around it.</summary>
    public void Publication(Publication publication, bool withOffset)
    {
        _json.Reset(Begin());
        Write(publication, withOffset);
        _json.Flush();
    }

    /// <summary>What a stream of one channel begins with; no reply of the protocol.</summary>
    /// <param name="position">Null: the channel has no history.</param>
    public void StreamBegins(string channel, StreamPosition? position, bool wasRecovering, bool recovered)
    {
        _json.Reset(Begin());
        _json.WriteStartObject();
        Write("channel"u8, channel);
        if (position is { } known) Write(known);
        _json.WriteBoolean("was_recovering"u8, wasRecovering);
        _json.WriteBoolean("recovered"u8, recovered);
        _json.WriteEndObject();
        _json.Flush();
    }

    private void PushInfo(string channel, ReadOnlySpan<byte> kind, ClientInfo client)
    {
        BeginPush(channel);
        _json.WriteStartObject(kind);
        Write("info", client);
        _json.WriteEndObject();
        End();
    }

    /// <summary>A push, up to what is in it.</summary>
    private void BeginPush(string channel)
    {
        _json.Reset(Begin());
        _json.WriteStartObject();
        _json.WriteStartObject("push"u8);
        Write("channel"u8, channel);
    }
}
