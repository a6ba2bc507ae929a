namespace Broker.Bench.Load;

/// <summary>Publishes at a pace to a crowd, and sees that all of it arrives. One source per publisher and channel.</summary>
internal sealed class Traffic
{
    private const long Stalled = Clock.Second / 2;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Crowd _crowd;
    private readonly EventLoop _loop;
    private readonly IPublisher[] _publishers;
    private readonly Pace _pace;
    private readonly int _sourcesPerChannel;
    private readonly Action _tick;
    private readonly byte[] _payload;
    private readonly long[] _published;
    private int _next;
    private long _total;
    private long _givenUp;

    /// <param name="crowd">Who receives.</param>
    /// <param name="publishers">One, or one for each source.</param>
    /// <param name="channels">How many channels there are.</param>
    /// <param name="sourcesPerChannel">How many publish to each.</param>
    /// <param name="pace">How fast.</param>
    /// <param name="payload">Bytes of a payload.</param>
    /// <param name="tick">Called every turn.</param>
    public Traffic(Crowd crowd, IPublisher[] publishers, int channels, int sourcesPerChannel, Pace pace, int payload, Action tick)
    {
        (_crowd, _loop, _publishers, _pace, _tick) = (crowd, crowd.Loop, publishers, pace, tick);
        _sourcesPerChannel = sourcesPerChannel;
        _published = new long[channels * sourcesPerChannel];
        _payload = new byte[Math.Max(payload, Stamp.MaxLength)];
        PayloadLength = payload;
    }

    public int PayloadLength { get; }

    /// <summary>Since the last <see cref="Run"/> began.</summary>
    public long Published { get; private set; }

    /// <summary>From the beginning.</summary>
    public long Total => _total;

    /// <summary>How often a window stood still and was opened again: deliveries were lost, or are very late.</summary>
    public int Stalls { get; private set; }

    /// <summary>What was published and never arrived.</summary>
    public long Lost => _crowd.Missing(_published);

    public void Run(TimeSpan time)
    {
        Published = 0;
        var start = Clock.Now;
        var end = start + Clock.Of(time);
        _crowd.Tally.LastAt = start;
        for (var now = start; now < end; now = Clock.Now)
        {
            var wait = _pace.IsFixed ? PublishDue(start, now, end) : FillWindow(now);
            foreach (var publisher in _publishers) publisher.Flush();
            _loop.Turn(Math.Min(wait, end - Clock.Now));
            _tick();
        }
    }

    /// <summary>Waits for what is still under way.</summary>
    public void Drain()
    {
        var start = Clock.Now;
        _crowd.Tally.LastAt = start;
        while (Lost > 0 && Clock.Now - start < Clock.Of(Patience) && Clock.Now - _crowd.Tally.LastAt < 2 * Clock.Second)
        {
            foreach (var publisher in _publishers) publisher.Flush();
            _loop.Turn(5 * Clock.Millisecond);
        }
    }

    private long PublishDue(long start, long now, long end)
    {
        while (true)
        {
            // Stamped with the time at which it was due: what waits here counts, too.
            var due = start + _pace.Due(Published);
            if (due > now || due >= end) return Math.Min(Clock.Millisecond, due - now);
            if (!TryPublish(due)) return Clock.Millisecond / 5;
        }
    }

    private long FillWindow(long now)
    {
        var tally = _crowd.Tally;
        var each = Math.Max(1e-9, (double)_crowd.Open / (_published.Length / _sourcesPerChannel));
        var underWay = _total - (long)(tally.Total / each) - _givenUp;
        if (underWay >= _pace.Window && now - tally.LastAt > Stalled)
        {
            (_givenUp, tally.LastAt, underWay) = (_givenUp + underWay, now, 0);
            Stalls++;
        }

        for (; underWay < _pace.Window && TryPublish(Clock.Now); underWay++)
        {
        }

        return Clock.Millisecond;
    }

    private bool TryPublish(long at)
    {
        var source = _next;
        var publisher = _publishers[source % _publishers.Length];
        if (publisher.IsFull) return false;

        // Always whole: a payload that is too short for its stamp is as long as the stamp.
        var length = new Stamp(_published[source]++, at, source).Write(_payload);
        var size = Math.Max(length, PayloadLength);
        _payload.AsSpan(length, Math.Max(0, size - length)).Fill((byte)'x');
        publisher.Publish(source / _sourcesPerChannel, _payload.AsSpan(0, size));

        _next = (source + 1) % _published.Length;
        _total++;
        Published++;
        return true;
    }
}
