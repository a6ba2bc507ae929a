using System.Net;

namespace Broker.Bench.Load;

/// <summary>One subscriber of one channel. Finds the stamps in what it is sent, and checks that each came once and in order.</summary>
internal sealed class Subscriber : WebSocketEndpoint
{
    private readonly Crowd _crowd;
    private readonly int _firstSource;
    private readonly long[] _last;
    private long _got;

    // A server may cut a message into frames where it likes, so in the middle of a stamp.
    private byte[] _cut = [];
    private int _cutLength;

    public Subscriber(Crowd crowd, WebSocketAddress address, Greeting greeting, int channel, int sources, IPAddress? source, int receiveBuffer = 0)
        : base(crowd.Loop, address, greeting, source, receiveBuffer)
    {
        (_crowd, Channel, _firstSource) = (crowd, channel, channel * sources);
        _last = new long[sources];
        Array.Fill(_last, -1);
    }

    public int Channel { get; }

    /// <summary>How many of what its sources published it has not had.</summary>
    public long Missing(ReadOnlySpan<long> published)
    {
        var missing = -_got;
        foreach (var count in published.Slice(_firstSource, _last.Length)) missing += count;
        return missing;
    }

    protected override void OnOpen()
    {
        ForgetRoom();
        _crowd.Opened();
    }

    protected override void OnEnd(string? why) => _crowd.Ended(why);

    protected override void OnMessage(ReadOnlySpan<byte> payload)
    {
        if (_cutLength > 0)
        {
            payload = TakeCut(payload);
        }

        while (true)
        {
            var at = payload.IndexOf((byte)'|');
            if (at < 0) return;

            payload = payload[at..];
            switch (Stamp.Read(payload, out var stamp, out var length))
            {
                case Stamp.Found.Whole:
                    Count(stamp);
                    payload = payload[length..];
                    break;
                case Stamp.Found.Other:
                    payload = payload[1..];
                    break;
                case Stamp.Found.Part:
                    KeepCut(payload);
                    return;
            }
        }
    }

    private void Count(in Stamp stamp)
    {
        var index = stamp.Source - _firstSource;
        if ((uint)index >= (uint)_last.Length) _crowd.Tally.CountMisrouted();
        else if (_crowd.Tally.Count(stamp, ref _last[index], Loop.Now)) _got++;
    }

    private void KeepCut(ReadOnlySpan<byte> part)
    {
        if (part.Length > Stamp.MaxLength) return;
        if (_cut.Length == 0) _cut = new byte[2 * Stamp.MaxLength];
        part.CopyTo(_cut);
        _cutLength = part.Length;
    }

    /// <summary>Ends the stamp that was cut; what follows it is left.</summary>
    private ReadOnlySpan<byte> TakeCut(ReadOnlySpan<byte> payload)
    {
        var more = Math.Min(payload.Length, Stamp.MaxLength);
        payload[..more].CopyTo(_cut.AsSpan(_cutLength));
        var (had, all) = (_cutLength, _cutLength + more);
        _cutLength = 0;
        switch (Stamp.Read(_cut.AsSpan(0, all), out var stamp, out var length))
        {
            case Stamp.Found.Whole:
                Count(stamp);
                return payload[(length - had)..];
            case Stamp.Found.Part when all <= Stamp.MaxLength:
                _cutLength = all;
                return [];
            default:
                return payload;
        }
    }
}
