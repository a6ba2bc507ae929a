using System.Text;
using Broker.Actors.Channels;
using Broker.Actors.Redis;

namespace Broker.Actors.Tests.Channels;

/// <summary>One channel as Redis holds it: meta, stream and subscribers. Small enough to be seen to be right; every operation is atomic.</summary>
internal sealed class ModelRedis(int size)
{
    private readonly List<Queue<Arrival>> _subscribers = [];
    private string? _epoch;
    private long _offset;
    private long _token;
    private long _clock = 1000;
    private string _held = "";
    private byte[]? _last;
    private Action? _secondHalf;

    /// <summary>What the stream holds now.</summary>
    public List<Entry> Stream { get; private set; } = [];

    /// <summary>All that was ever appended.</summary>
    public List<Entry> Log { get; } = [];

    public StreamPosition? Position => _epoch is null ? null : new StreamPosition(_epoch, _offset);

    public void Subscribe(Queue<Arrival> arrivals) => _subscribers.Add(arrivals);

    public void Unsubscribe(Queue<Arrival> arrivals) => _subscribers.Remove(arrivals);

    public void Publish(byte[] payload) => Send(new Arrival(payload, false));

    /// <summary>A publisher of ws4redis's kind sends SETEX and PUBLISH, in either order: the second half is carried out some time later, but before what is sent after it.</summary>
    public void PublishAndKeep(byte[] payload, bool keepsFirst)
    {
        CarryOutSecondHalf();
        if (keepsFirst) _last = payload;
        else Publish(payload);
        _secondHalf = keepsFirst ? () => Publish(payload) : () => _last = payload;
    }

    public bool CarryOutSecondHalf()
    {
        var half = _secondHalf;
        _secondHalf = null;
        half?.Invoke();
        return half is not null;
    }

    /// <summary>A PING on the subscription's connection.</summary>
    public void Fence(Queue<Arrival> arrivals, Arrival fence)
    {
        CarryOutSecondHalf();
        if (_subscribers.Contains(arrivals)) arrivals.Enqueue(fence);
    }

    public TakenOver TakeOver(TakeOver order)
    {
        _token = Math.Max(_token + 1, _clock++);
        var isNew = _epoch is null || order.ForceNewEpoch || (order.Known is { } known && known.Epoch == _epoch && _offset < known.Offset);
        if (isNew) (_epoch, _offset, Stream) = (order.NewEpoch, 0, []);

        var last = _last is null ? "" : LastDigest.Of(_last);
        var isUnknown = _offset > 0 && last != "" && last != _held && !Stream.Exists(entry => LastDigest.Of(entry.Payload) == last);
        if (!isUnknown) _held = last;

        Send(new Mark(_token, _epoch!, _offset, []));
        return new TakenOver(
            _token, Position!.Value, isNew, [.. from entry in Stream where entry.Id is not null select (entry.Position.Offset, entry.Id)], isUnknown ? last : null);
    }

    public Appended Append(Append order)
    {
        if (_epoch is null) return new Appended(AppendOutcome.MetaLost, 0);
        if (_token > order.Token) return new Appended(AppendOutcome.Superseded, 0);
        if (_epoch != order.Epoch || _offset < order.KnownOffset) return new Appended(AppendOutcome.MetaLost, 0);

        var appended = new Appended(AppendOutcome.Appended, _offset + 1);
        foreach (var publication in order.Publications)
        {
            var entry = new Entry(new StreamPosition(_epoch, ++_offset), publication.Payload, publication.PublishId, publication.Foreign);
            Stream.Add(entry);
            Log.Add(entry);
            if (publication.Foreign && _last is not null && publication.Payload.AsSpan().SequenceEqual(_last)) _held = LastDigest.Of(_last);
        }

        if (Stream.Count > size) Stream.RemoveRange(0, Stream.Count - size);

        var own = order.Publications.Where(publication => !publication.Foreign).ToArray();
        if (own.Length > 0) Send(new Mark(order.Token, order.Epoch, appended.FirstOffset, [.. own.Select(publication => Mark.Digest(publication.Payload))]));
        foreach (var publication in own) Publish(publication.Payload);
        return appended;
    }

    public HistoryPage Read(long after, int count)
    {
        var page = Stream.Where(entry => entry.Position.Offset > after).Take(count);
        var oldest = Stream.Count > 0 ? Stream[0].Position.Offset : _offset + 1;
        return new HistoryPage(Position, oldest, [.. page.Select(entry => new StoredPublication(entry.Position.Offset, entry.Payload, entry.Id, null))]);
    }

    /// <summary>All keys are gone: FLUSHALL, or a Redis that came back empty.</summary>
    public void Forget() => (_epoch, _offset, _token, Stream) = (null, 0, 0, []);

    /// <summary>A Redis that came back without its last writes.</summary>
    public void GoBack(int entries)
    {
        entries = Math.Min(entries, Stream.Count);
        Stream.RemoveRange(Stream.Count - entries, entries);
        _offset -= entries;
    }

    private void Send(Mark mark) => Send(new Arrival(Encoding.UTF8.GetBytes(mark.ToString()), true));

    private void Send(Arrival arrival)
    {
        foreach (var subscriber in _subscribers) subscriber.Enqueue(arrival);
    }

    public sealed record Entry(StreamPosition Position, byte[] Payload, string? Id, bool Foreign);
}
