using System.Text;
using System.Text.Json;
using Broker.Bench.Load;

namespace Broker.Faults.Returning;

/// <summary>One websocket of a client.</summary>
internal sealed class RichSocket(RichCrowd crowd, RichClient client, WebSocketAddress address)
    : WebSocketEndpoint(crowd.Loop, address, new Greeting(Encoding.UTF8.GetBytes("{\"id\":1,\"connect\":{}}\n" + client.Subscribe), null))
{
    protected override void OnOpen() => ForgetRoom();

    protected override void OnMessage(ReadOnlySpan<byte> payload)
    {
        var message = new ReadOnlyMemory<byte>(payload.ToArray());
        foreach (var line in payload.Split((byte)'\n')) if (line.Start.Value < line.End.Value) Take(message[line]);
    }

    protected override void OnEnd(string? why) => crowd.Ended(client, why ?? "closed", CloseCode);

    private void Take(ReadOnlyMemory<byte> line)
    {
        using var message = JsonDocument.Parse(line);
        var root = message.RootElement;
        if (root.TryGetProperty("push", out var push))
        {
            if (push.TryGetProperty("pub", out var publication)) client.Take(publication, Loop.Now);
            else if (push.TryGetProperty("unsubscribe", out var end)) Refused(root, end.GetProperty("code").GetInt32() >= 2500);
            else client.Problems.Add("a push that was not expected: " + root);
        }
        else if (root.TryGetProperty("subscribe", out var subscribed))
        {
            client.Subscribed(subscribed, Loop.Now);
            crowd.Subscribed(client);
        }
        else if (root.TryGetProperty("error", out var error)) Refused(error, error.TryGetProperty("temporary", out var temporary) && temporary.GetBoolean());
        else if (!root.TryGetProperty("connect", out _)) Say("{}");
    }

    /// <summary>A subscription that was ended or refused is asked for again on the same websocket, if that still stands.</summary>
    private void Refused(JsonElement why, bool isTemporary) => crowd.Refused(client, why.ToString(), isTemporary, () => { if (IsOpen) Say(client.Subscribe); });

    private void Say(string text)
    {
        Frame(1, Encoding.UTF8.GetBytes(text));
        Flush();
    }
}
