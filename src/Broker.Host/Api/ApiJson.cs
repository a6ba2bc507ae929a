using System.Text.Json;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Rich.Protocol;
using Broker.Actors.Serving;

namespace Broker.Host.Api;

/// <summary>What the server API answers, as Centrifugo spells it.</summary>
internal static class ApiJson
{
    public static void WriteAnswer(Utf8JsonWriter json, ApiMethods.WriteResult result, string name = "result")
    {
        json.WriteStartObject();
        json.WriteStartObject(name);
        result(json);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    public static void WriteError(Utf8JsonWriter json, ServerApiException error)
    {
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteNumber("code", error.Code);
        json.WriteString("message", error.Message);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter json, StreamPosition position)
    {
        json.WriteNumber("offset", position.Offset);
        json.WriteString("epoch", position.Epoch ?? "");
    }

    public static void Write(Utf8JsonWriter json, Publication publication)
    {
        json.WriteStartObject();
        json.WriteNumber("offset", publication.Position.Offset);
        json.WritePropertyName("data");
        if (Payloads.Write(json, publication.Payload.Span) == PayloadForm.Base64)
        {
            json.WriteStartObject("tags");
            json.WriteString("encoding", "base64");
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    /// <summary>As a member of an object, under the connection's id.</summary>
    public static void Write(Utf8JsonWriter json, ClientInfo client)
    {
        json.WriteStartObject(client.Client);
        json.WriteString("user", client.User);
        json.WriteString("client", client.Client);
        WriteIfAny(json, "conn_info", client.ConnectionInfo);
        WriteIfAny(json, "chan_info", client.ChannelInfo);
        json.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter json, NodeInfo node)
    {
        json.WriteStartObject();
        json.WriteString("uid", node.Id);
        json.WriteString("name", node.Address);
        json.WriteString("version", node.Version);
        json.WriteNumber("num_clients", node.Clients);
        json.WriteNumber("num_users", node.Users);
        json.WriteNumber("num_subs", node.Subscriptions);
        json.WriteNumber("num_channels", node.Channels);
        json.WriteNumber("uptime", node.UptimeSeconds);
        json.WriteEndObject();
    }

    /// <summary>As a member of an object, under the connection's id.</summary>
    public static void Write(Utf8JsonWriter json, OpenClient open)
    {
        var client = open.Client;
        json.WriteStartObject(client.Client);
        WriteIfAny(json, "app_name", client.Name);
        WriteIfAny(json, "app_version", client.Version);
        json.WriteString("transport", client.Protocol == ConnectedClient.EventStream ? client.Protocol : "websocket");
        json.WriteString("protocol", client.Protocol == ConnectedClient.Ws4Redis ? client.Protocol : "json");
        WriteIfAny(json, "user", client.User);
        WriteIfAny(json, "session", client.Session);
        json.WriteString("node", open.Node);
        json.WriteNumber("connected_at_ms", client.Since.ToUnixTimeMilliseconds());

        json.WriteStartObject("state");
        json.WriteStartObject("channels");
        foreach (var channel in client.Channels)
        {
            json.WriteStartObject(OpenClients.Shown(channel));
            json.WriteEndObject();
        }

        json.WriteEndObject();
        if (client.TokenId.Length > 0)
        {
            json.WriteStartObject("connection_token");
            json.WriteString("uid", client.TokenId);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteIfAny(Utf8JsonWriter json, string name, ReadOnlyMemory<byte> value)
    {
        if (value.Length == 0) return;

        json.WritePropertyName(name);
        Payloads.Write(json, value.Span);
    }

    private static void WriteIfAny(Utf8JsonWriter json, string name, string value)
    {
        if (value.Length > 0) json.WriteString(name, value);
    }
}
