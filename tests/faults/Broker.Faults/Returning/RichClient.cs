using System.Text;
using System.Text.Json;
using Broker.Bench.Load;
using Broker.Faults.Deployments;
using Broker.Faults.Traffic;

namespace Broker.Faults.Returning;

/// <summary>One client of one channel over all its websockets: where it stands, and what it was given.</summary>
internal sealed class RichClient(int channel, string name)
{
    public int Channel => channel;

    /// <summary>The channel's.</summary>
    public string Name => name;

    public string Epoch { get; private set; } = "";

    public long Offset { get; private set; }

    /// <summary>The publications' numbers, in order, and when each came.</summary>
    public List<(int Id, long At)> Got { get; } = [];

    /// <summary>How many it had when it was told that it could not recover.</summary>
    public List<int> TornAt { get; } = [];

    /// <summary>When it last was subscribed; 0 while it is not.</summary>
    public long SubscribedAt { get; set; }

    /// <summary>What must not be.</summary>
    public List<string> Problems { get; } = [];

    public bool WasSubscribed => Epoch.Length > 0;

    public void Subscribed(JsonElement result, long now)
    {
        var recovered = result.TryGetProperty("recovered", out var yes) && yes.GetBoolean();
        var publications = result.TryGetProperty("publications", out var missed) ? missed.GetArrayLength() : 0;
        if (WasSubscribed && !recovered)
        {
            TornAt.Add(Got.Count);
            if (publications > 0) Problems.Add("a partial recovery");
        }

        // With publications it says where the client stood: they lead to where the channel stands.
        (Epoch, Offset) = (result.GetProperty("epoch").GetString()!, result.TryGetProperty("offset", out var offset) ? offset.GetInt64() : 0);
        if (publications > 0) foreach (var publication in missed.EnumerateArray()) Take(publication, now);
        SubscribedAt = now;
    }

    public void Take(JsonElement publication, long now)
    {
        var offset = publication.GetProperty("offset").GetInt64();
        if (offset != Offset + 1) Problems.Add($"offset {offset} after {Offset}");
        Offset = offset;
        Got.Add((Payload.Read(Encoding.UTF8.GetBytes(publication.GetProperty("data").GetRawText())), now));
    }

    public byte[] Greeting()
    {
        var resume = WasSubscribed ? $",\"recover\":true,\"epoch\":\"{Epoch}\",\"offset\":{Offset}" : "";
        return Encoding.UTF8.GetBytes("{\"id\":1,\"connect\":{}}\n{\"id\":2,\"subscribe\":{\"channel\":\"" + name + "\"" + resume + "}}");
    }
}

/// <summary>One websocket of a client.</summary>
internal sealed class RichSocket(RichCrowd crowd, RichClient client, Node node, WebSocketAddress address)
    : WebSocketEndpoint(crowd.Loop, address, new Greeting(client.Greeting(), null))
{
    private static readonly byte[] Pong = "{}"u8.ToArray();

    public Node Node => node;

    protected override void OnOpen() => ForgetRoom();

    protected override void OnMessage(ReadOnlySpan<byte> payload)
    {
        foreach (var line in payload.ToArray().AsMemory().Lines()) Take(line);
    }

    protected override void OnEnd(string? why) => crowd.Ended(client, why ?? "closed", CloseCode);

    private void Take(ReadOnlyMemory<byte> line)
    {
        using var message = JsonDocument.Parse(line);
        var root = message.RootElement;
        if (root.TryGetProperty("push", out var push))
        {
            if (push.TryGetProperty("pub", out var publication)) client.Take(publication, Loop.Now);
            else client.Problems.Add("a push that was not expected: " + root);
        }
        else if (root.TryGetProperty("subscribe", out var subscribed)) client.Subscribed(subscribed, Loop.Now);
        else if (root.TryGetProperty("error", out var error)) crowd.Refused(client, error.ToString());
        else if (!root.TryGetProperty("connect", out _))
        {
            Frame(1, Pong);
            Flush();
        }
    }
}

internal static class JsonLines
{
    /// <summary>The lines of a message.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Lines(this Memory<byte> message)
    {
        while (message.Length > 0)
        {
            var end = message.Span.IndexOf((byte)'\n');
            var line = end < 0 ? message : message[..end];
            if (!line.IsEmpty) yield return line;
            message = end < 0 ? default : message[(end + 1)..];
        }
    }
}
