using System.Runtime.InteropServices;
using Broker.Actors.Settings;

namespace Broker.Actors.Connections;

/// <summary>
/// A queue that makes room when it is full: of subscriptions that conflate it keeps the newest publication and drops what is older. Where that is not enough, the client is too
/// slow. Frames are never cut, and order within a subscription stays.
/// </summary>
/// <remarks>
/// Making room looks at all that waits. Where all channels of a client conflate (those of a ws4redis client are of one facility) little is left after it, so it comes seldom.
/// <para>
/// A publication that went to several channels of the client waits for one of them; for the others there is an entry that only names it. It stays as long as it is the newest of any.
/// </para>
/// </remarks>
/// <param name="limit">Bytes that may wait when more comes, the write that is under way included; but that does not count once room was made, as nothing of it can be dropped.</param>
/// <param name="conflates">Which subscriptions do.</param>
/// <param name="metrics">Counts what is dropped.</param>
internal sealed class ConflatingQueue(int limit, bool[] conflates, BrokerMetrics? metrics = null) : DroppingQueue(conflates.Length)
{
    private const int None = -1;

    private JoinOrder<Entry>? _joining = new(conflates.Length);

    public override bool Offer(int subscription, ReadOnlySpan<FrameSlice> frames, out int taken)
    {
        var isFull = Bytes + UnderWay >= limit;
        var (came, newest) = (0L, 0L);
        taken = 0;
        foreach (ref readonly var slice in frames)
        {
            var isNew = IsNew(slice);
            var left = isNew ? slice : new FrameSlice(default, count: 0, publishId: slice.PublishId);
            if (!isNew) Pin(slice.PublishId!);
            Add(new Entry(subscription, left));

            taken += left.Count;
            came += left.Bytes.Length;
            newest = left.Newest.Bytes.Length;
        }

        Bytes += came;
        if (!isFull || came == 0) return true;

        MakeRoom();

        // As without conflating, what counts is what waited already. Of what came, a subscription that conflates has its newest left.
        return Bytes - (Conflates(subscription) ? newest : came) < limit;
    }

    public override void Joined(int subscription)
    {
        if (_joining is null) return;

        _joining.Joined(subscription, InWaiting());
        if (_joining.IsOver) _joining = null;
        GiveBackIfEmpty();
    }

    public override void JoinAll()
    {
        _joining?.ReleaseAll(InWaiting());
        _joining = null;
    }

    public override void Clear()
    {
        base.Clear();
        _joining = null;
    }

    private bool Conflates(int subscription) => subscription != None && conflates[subscription];

    private void Add(Entry entry)
    {
        if (_joining is null || _joining.MayPass(entry.Subscription)) InWaiting().Add(entry);
        else _joining.Hold(entry.Subscription, entry);
    }

    /// <summary>While subscriptions join, the entry that names a publication may be gone before the one that holds it: so that one belongs to none from now on.</summary>
    private void Pin(string publishId)
    {
        if (_joining is null) return;

        foreach (var list in _joining.Held)
            for (var i = 0; i < list?.Count; i++) if (!list[i].IsKnown && list[i].Frames.PublishId == publishId) list[i] = list[i] with { Subscription = None };
    }

    private void MakeRoom()
    {
        List<Entry>?[] lists = _joining is null ? [Waiting] : [Waiting, .. _joining.Held];
        var newest = Newest(lists);
        var needed = Needed(lists, newest);
        var dropped = 0;
        foreach (var list in lists) if (list is not null) dropped += Thin(list, newest, needed);
        if (dropped > 0) metrics?.Conflated(dropped);
    }

    /// <summary>Where each subscription's newest entry stands. All of a subscription stand in one list.</summary>
    private int[] Newest(List<Entry>?[] lists)
    {
        var newest = new int[conflates.Length];
        foreach (var list in lists)
            for (var i = 0; i < list?.Count; i++) if (Conflates(list[i].Subscription)) newest[list[i].Subscription] = i;
        return newest;
    }

    /// <summary>What waits for one subscription and is counted upon by another.</summary>
    private HashSet<string> Needed(List<Entry>?[] lists, int[] newest)
    {
        var needed = new HashSet<string>();
        foreach (var list in lists)
            for (var i = 0; i < list?.Count; i++) if (list[i].IsKnown && IsWanted(list[i], i, newest)) needed.Add(list[i].Frames.PublishId!);
        return needed;
    }

    /// <summary>Returns how many publications it dropped.</summary>
    private int Thin(List<Entry> list, int[] newest, HashSet<string> needed)
    {
        var entries = CollectionsMarshal.AsSpan(list);
        var (kept, dropped) = (0, 0);
        for (var i = 0; i < entries.Length; i++)
        {
            var (subscription, frames) = entries[i];
            var left = new FrameSlice(default, count: 0);
            if (!Conflates(subscription)) left = frames;
            else if (newest[subscription] == i || (frames.PublishId is { } id && needed.Contains(id))) left = frames.Newest;
            else if (frames.PublishId is { } gone && !entries[i].IsKnown) Forget(gone);

            Bytes -= frames.Bytes.Length - left.Bytes.Length;
            dropped += frames.Count - left.Count;
            if (!left.Bytes.IsEmpty || left.PublishId is not null) entries[kept++] = new Entry(subscription, left);
        }

        list.RemoveRange(kept, list.Count - kept);
        return dropped;
    }

    private bool IsWanted(Entry entry, int place, int[] newest) => !Conflates(entry.Subscription) || newest[entry.Subscription] == place;
}
