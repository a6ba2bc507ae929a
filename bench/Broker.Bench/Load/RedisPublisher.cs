using System.Net;
using System.Text;

namespace Broker.Bench.Load;

/// <summary>PUBLISHes on one pipelined connection to Redis.</summary>
internal sealed class RedisPublisher : Endpoint, IPublisher
{
    private const int Full = 1 << 20;

    private readonly byte[][] _heads;

    public RedisPublisher(EventLoop loop, IPEndPoint address, IEnumerable<string> channels)
        : base(loop, address)
    {
        _heads = [.. channels.Select(Head)];
        loop.Add(this);
    }

    public bool IsFull => Waiting > Full;

    public void Publish(int channel, ReadOnlySpan<byte> payload)
    {
        var head = _heads[channel];
        var room = Room(head.Length + payload.Length + 16);
        head.CopyTo(room);
        payload.Length.TryFormat(room[head.Length..], out var digits);
        var at = head.Length + digits;
        "\r\n"u8.CopyTo(room[at..]);
        payload.CopyTo(room[(at + 2)..]);
        "\r\n"u8.CopyTo(room[(at + 2 + payload.Length)..]);
        Wrote(at + payload.Length + 4);
    }

    protected override int Take(ReadOnlySpan<byte> data)
    {
        if (data.IndexOf((byte)'-') >= 0) throw new BenchException("Redis answers " + Encoding.ASCII.GetString(data[..Math.Min(200, data.Length)]));
        return data.Length;
    }

    protected override void OnCut(string why) => throw new BenchException("publishing to Redis: " + why);

    private static byte[] Head(string channel) => Encoding.UTF8.GetBytes($"*3\r\n$7\r\nPUBLISH\r\n${Encoding.UTF8.GetByteCount(channel)}\r\n{channel}\r\n$");
}
