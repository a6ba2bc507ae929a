using System.Runtime.InteropServices;
using Broker.Actors.Connections;

namespace Broker.Actors.Tests.Connections;

/// <summary>
/// What a client gets from an outbox that conflates, against the plain definition: publication by publication, each list gone through from its beginning.
/// </summary>
/// <remarks>Publications are places in one large array: what is written tells by its place what it is, and whether it is whole.</remarks>
public sealed class ConflatingQueueProperties
{
    private static readonly byte[] Everything = new byte[1 << 24];

    [Fact]
    public async Task Every_client_gets_what_the_definition_says_in_order_and_whole() =>
        await Task.Run(() => Interleavings.Check(20_000, 150, Run)); // On a thread on which a write that completes goes on at once.

    private static void Run(Choices choices)
    {
        var conflates = new bool[1 + choices.Next(4)];
        for (var i = 0; i < conflates.Length; i++) conflates[i] = !choices.Once(3);
        var limit = 1 + choices.Next(200_000);
        choices.Step($"{limit} bytes may wait; channels {string.Join(' ', conflates.Select(one => one ? "conflate" : "disconnect"))}");

        var model = new Model(limit, conflates);
        var client = new Client(model, choices);
        var outbox = new Outbox(new ConflatingQueue(limit, conflates), (_, _) => client.IsSlow = true);
        if (choices.Once(2)) outbox.Attach(client);
        else client.IsMissing = true;

        while (!choices.AreOver && !client.IsSlow)
        {
            if (choices.Once(8)) Join(outbox, model, choices.Next(conflates.Length), choices);
            else if (choices.Once(3)) client.Complete();
            else if (client.IsMissing && choices.Once(6)) client.Come(outbox);
            else Offer(outbox, model, client, choices);
        }

        if (!client.IsSlow) End(outbox, model, client, choices);
    }

    private static void Join(Outbox outbox, Model model, int subscription, Choices choices)
    {
        choices.Step($"{subscription} has joined");
        model.Join(subscription);
        outbox.Joined(subscription);
    }

    private static void Offer(Outbox outbox, Model model, Client client, Choices choices)
    {
        var subscription = choices.Next(model.Subscriptions + 1) - 1;
        var frames = new List<FrameSlice>();
        var items = new List<Item>();
        for (var left = 1 + choices.Next(3); left > 0; left--)
        {
            if (subscription >= 0 && choices.Once(4)) frames.Add(Shared(model, subscription, items, choices));
            else frames.Add(Slice(model, subscription, items, choices));
        }

        choices.Step($"{subscription} is offered {string.Join(' ', items)}");
        var mayBeTaken = model.Offer(subscription, items);
        outbox.Offer(subscription, CollectionsMarshal.AsSpan(frames));
        Assert.Equal(mayBeTaken, !client.IsSlow);
    }

    private static FrameSlice Slice(Model model, int subscription, List<Item> items, Choices choices)
    {
        var batch = new Item[1 + choices.Next(3)];
        for (var i = 0; i < batch.Length; i++) batch[i] = model.Publish(subscription, Length(choices), null);
        items.AddRange(batch);
        return new FrameSlice(
            Everything.AsMemory(batch[0].Start, batch[^1].End - batch[0].Start), subscription < 0 ? 0 : batch.Length, batch[^1].Start - batch[0].Start);
    }

    /// <summary>A publication of several channels: a new one, or one that another channel has been offered before.</summary>
    private static FrameSlice Shared(Model model, int subscription, List<Item> items, Choices choices)
    {
        var known = model.Shared.Where(other => !model.WasOffered(subscription, other.Id!) && items.All(item => item.Id != other.Id)).ToArray();
        var item = known.Length > 0 && choices.Once(2)
            ? known[choices.Next(known.Length)] with { Subscription = subscription }
            : model.Publish(subscription, Length(choices), $"p{model.Shared.Count}");
        items.Add(item);
        return new FrameSlice(Everything.AsMemory(item.Start, item.Length), publishId: item.Id);
    }

    private static int Length(Choices choices) => 1 + choices.Next(choices.Once(5) ? 100_000 : 5_000);

    /// <summary>The client reads on.</summary>
    private static void End(Outbox outbox, Model model, Client client, Choices choices)
    {
        for (var i = 0; i < model.Subscriptions; i++) Join(outbox, model, i, choices);
        if (client.IsMissing) client.Come(outbox);
        while (client.IsWriting) client.Complete();

        Assert.DoesNotContain(model.Waiting, item => !item.IsKnown);
        for (var i = 0; i < model.Subscriptions; i++) model.CheckEnd(i);
    }

    /// <param name="Start">Names it.</param>
    private sealed record Item(int Subscription, int Start, int Length, string? Id, bool IsKnown = false)
    {
        public int End => Start + Length;

        public int Bytes => IsKnown ? 0 : Length;

        public override string ToString() => $"{Start}+{Length}{Id}";
    }

    /// <summary>The definition.</summary>
    private sealed class Model(int limit, bool[] conflates)
    {
        private readonly bool[] _joined = new bool[conflates.Length];
        private readonly List<Item>[] _held = [.. conflates.Select(_ => new List<Item>())];
        private readonly List<Item>[] _offered = [.. conflates.Select(_ => new List<Item>())];
        private readonly HashSet<string> _seen = [];
        private readonly HashSet<int> _written = [];
        private int _published;
        private bool _wasFull;

        public int Subscriptions => conflates.Length;

        public List<Item> Waiting { get; private set; } = [];

        public List<Item> Shared { get; } = [];

        public long UnderWay { get; set; }

        private int Turn => Array.IndexOf(_joined, false) is var first and >= 0 ? first : Subscriptions;

        public Item Publish(int subscription, int length, string? id)
        {
            var item = new Item(subscription, _published, length, id);
            _published += length;
            if (id is not null) Shared.Add(item);
            return item;
        }

        public bool WasOffered(int subscription, string id) => _offered[subscription].Any(item => item.Id == id);

        public void Join(int subscription)
        {
            _joined[subscription] = true;
            for (var i = 0; i < Subscriptions && i <= Turn; i++)
            {
                Waiting.AddRange(_held[i]);
                _held[i].Clear();
            }
        }

        public bool Offer(int subscription, List<Item> items)
        {
            var isFull = Bytes + UnderWay >= limit;
            var list = subscription <= Turn ? Waiting : _held[subscription];
            if (subscription >= 0) _offered[subscription].AddRange(items);
            var before = list.Count;
            foreach (var item in items)
            {
                var isKnown = item.Id is not null && !_seen.Add(item.Id);
                list.Add(item with { IsKnown = isKnown });
                if (isKnown) Pin(item.Id!);
            }


            var came = list.Skip(before).ToArray();
            if (!isFull || came.All(item => item.IsKnown)) return true;

            _wasFull = true;
            MakeRoom();
            return Bytes - (Conflates(subscription) ? came[^1].Bytes : came.Sum(item => item.Bytes)) < limit;
        }

        /// <summary>Whole publications, the first of those that wait.</summary>
        public void Write(ReadOnlyMemory<byte> frames)
        {
            Assert.True(MemoryMarshal.TryGetArray(frames, out var place));
            for (var at = place.Offset; at < place.Offset + place.Count;)
            {
                while (Waiting[0].IsKnown) Waiting.RemoveAt(0);
                Assert.Equal(Waiting[0].Start, at);
                at = Waiting[0].End;
                Assert.InRange(at, 0, place.Offset + place.Count);
                _written.Add(Waiting[0].Start);
                Waiting.RemoveAt(0);
            }

            while (Waiting is [{ IsKnown: true }, ..]) Waiting.RemoveAt(0);
        }

        /// <summary>What holds whatever the definition says.</summary>
        public void CheckEnd(int subscription)
        {
            var offered = _offered[subscription];
            if (offered.Count > 0) Assert.Contains(offered[^1].Start, _written);
            if (!conflates[subscription] || !_wasFull) Assert.All(offered, item => Assert.Contains(item.Start, _written));
        }

        private long Bytes => Waiting.Concat(_held.SelectMany(held => held)).Sum(item => (long)item.Bytes);

        private bool Conflates(int subscription) => subscription >= 0 && conflates[subscription];

        /// <summary>What waits for a later subscription and is counted upon by another is dropped no more.</summary>
        private void Pin(string id)
        {
            foreach (var held in _held)
                for (var i = 0; i < held.Count; i++) if (held[i] is { IsKnown: false } && held[i].Id == id) held[i] = held[i] with { Subscription = -1 };
        }

        private void MakeRoom()
        {
            var all = Waiting.Concat(_held.SelectMany(held => held)).ToArray();
            var kept = all.Where(item => !Conflates(item.Subscription) || all.Last(other => other.Subscription == item.Subscription) == item).ToHashSet();
            var needed = kept.Where(item => item.IsKnown).Select(item => item.Id).ToHashSet();
            kept.UnionWith(all.Where(item => item.Id is not null && needed.Contains(item.Id)));

            foreach (var dropped in all.Where(item => !kept.Contains(item))) if (dropped is { IsKnown: false, Id: { } id }) _seen.Remove(id);
            Waiting.RemoveAll(item => !kept.Contains(item));
            foreach (var held in _held) held.RemoveAll(item => !kept.Contains(item));
        }
    }

    private sealed class Client(Model model, Choices choices) : IClientTransport
    {
        private TaskCompletionSource? _write;

        public bool IsMissing { get; set; }

        public bool IsSlow { get; set; }

        public bool IsWriting => _write is not null;

        public void Come(Outbox outbox)
        {
            choices.Step("the client comes");
            IsMissing = false;
            outbox.Attach(this);
        }

        public ValueTask WriteAsync(IReadOnlyList<ReadOnlyMemory<byte>> frames)
        {
            Assert.False(IsSlow);
            Assert.Null(_write);
            var bytes = frames.Sum(frame => (long)frame.Length);
            choices.Step($"{frames.Count} slices of {bytes} bytes are written");
            Assert.True(bytes <= DroppingQueue.AtATime || frames.Count == 1);
            foreach (var slice in frames) model.Write(slice);
            if (choices.Once(3)) return default;

            model.UnderWay = bytes;
            _write = new TaskCompletionSource();
            return new ValueTask(_write.Task);
        }

        public void Complete()
        {
            if (_write is not { } write) return;

            choices.Step("the client has read it");
            _write = null;
            model.UnderWay = 0;
            write.SetResult();
        }

        public void Close(CloseReason reason) => Assert.Equal(CloseReason.Slow, reason);
    }
}
