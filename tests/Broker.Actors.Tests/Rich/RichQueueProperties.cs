using Broker.Actors.Connections;
using Broker.Actors.Rich;

namespace Broker.Actors.Tests.Rich;

/// <summary>
/// A client that reads now and then, and subscribes again where it is told to: whatever the queue drops, it has everything in the end, once and in order, where nothing may be missing, and the
/// newest where only that counts.
/// </summary>
/// <remarks>What is offered are places in one large array: what is written tells by its place what it is.</remarks>
public sealed class RichQueueProperties
{
    private static readonly byte[] Everything = new byte[1 << 24];

    [Fact]
    public void Nothing_is_ever_missing_unnoticed() => Interleavings.Check(10_000, 200, choices => new Run(choices).Go());

    private sealed class Run
    {
        private readonly Choices _choices;
        private readonly RichQueue _queue;
        private readonly int _limit;
        private readonly Channel[] _channels;
        private readonly Dictionary<int, Item> _items = [];
        private readonly List<Item> _offered = [];
        private List<ReadOnlyMemory<byte>>? _writing;
        private int _published;
        private bool _isSlow;

        public Run(Choices choices)
        {
            _choices = choices;
            _limit = 1 + choices.Next(200_000);
            _queue = new RichQueue(_limit);
            _channels = [.. Enumerable.Range(0, 1 + choices.Next(4)).Select(_ => new Channel(choices.Once(2)))];
            choices.Step($"{_limit} bytes may wait; {string.Join(' ', _channels.Select(channel => channel.OnlyNewest ? "newest" : "all"))}");
        }

        public void Go()
        {
            while (!_choices.AreOver && !_isSlow)
            {
                if (_choices.Once(3)) Read();
                else if (_choices.Once(6)) Offer(null, [Place(Length(), null, 0)]);
                else Publish(_channels[_choices.Next(_channels.Length)]);
            }

            while (!_isSlow && (_writing is not null || !_queue.IsEmpty)) Read();
            if (!_isSlow) Assert.All(_channels, channel => Assert.Equal(channel.Published, channel.Position));
        }

        private void Publish(Channel channel)
        {
            var batch = Enumerable.Range(0, 1 + _choices.Next(3)).Select(_ => Place(Length(), channel, ++channel.Published)).ToArray();
            _choices.Step($"{batch.Length} of {Array.IndexOf(_channels, channel)}");
            Offer(channel, batch);
        }

        private void Offer(Channel? channel, Item[] batch)
        {
            var slice = new FrameSlice(Everything.AsMemory(batch[0].Start, batch.Sum(item => item.Length)), batch.Length, batch[^1].Start - batch[0].Start);
            var life = channel?.Life;
            var isTaken = _queue.Offer(-1, [slice.Of(life)], out var taken);
            if (!isTaken)
            {
                Assert.True(_offered.Where(item => IsKept(item, channel)).Sum(item => item.Length) >= _limit, "a client was too slow for which little waited that may not go");
                _isSlow = true;
                return;
            }

            Assert.Equal(life is { IsLost: true } ? 0 : batch.Length, taken);
            if (taken > 0) _offered.AddRange(batch);
            foreach (var lost in _channels.Where(one => one.Life.IsLost && !one.IsTold))
            {
                // Its actor tells the client.
                lost.IsTold = true;
                if (!_isSlow) Offer(null, [Place(10, lost, Item.Ends)]);
            }
        }

        /// <summary>Never dropped: what is no publication, and the newest where it counts, unless one comes.</summary>
        private bool IsKept(Item item, Channel? coming) =>
            item.Channel is not { } of || item.Number <= 0 || (of.OnlyNewest && of != coming && item == _offered.FindLast(other => other.Channel == of && other.Number > 0));

        /// <summary>What was being written is read; then more is written.</summary>
        private void Read()
        {
            if (_writing is { } written)
            {
                var frames = written.ToArray();
                written.Clear();
                _queue.Written(written, frames.Sum(frame => (long)frame.Length));
                _writing = null;
                foreach (var frame in frames) OnRead(frame);
            }

            _writing = _queue.Take();
            if (_writing is null) return;

            var bytes = _writing.Sum(frame => frame.Length);
            Assert.True(bytes <= DroppingQueue.AtATime || _writing.Count == 1);
            var last = _offered.FindIndex(item => item.End == EndOf(_writing[^1]));
            _offered.RemoveRange(0, last + 1);
        }

        private void OnRead(ReadOnlyMemory<byte> frame)
        {
            var end = EndOf(frame);
            for (var start = end - frame.Length; start < end; start += _items[start].Length)
            {
                var item = _items[start];
                if (item.Channel is not { } channel) continue;

                if (item.Number > 0) channel.Take(item.Number);
                else if (item.Number == Item.Ends) Subscribe(channel);
                else channel.Position = -item.Number;
            }
        }

        /// <summary>The answer holds all that was missed.</summary>
        private void Subscribe(Channel channel)
        {
            if (_isSlow) return;

            channel.Begin();
            Offer(null, [Place(Length(), channel, -channel.Published)]);
        }

        private Item Place(int length, Channel? channel, int number)
        {
            var item = new Item(_published, length, channel, number);
            _items[_published] = item;
            _published += length;
            return item;
        }

        private int Length() => 1 + _choices.Next(_choices.Once(5) ? 60_000 : 3_000);

        private static int EndOf(ReadOnlyMemory<byte> frame) =>
            System.Runtime.InteropServices.MemoryMarshal.TryGetArray(frame, out var place) ? place.Offset + place.Count : throw new InvalidOperationException();
    }

    /// <param name="Number">A publication's; that the subscription ends; or 0 and below: the answer to subscribing, and how far it goes.</param>
    private sealed record Item(int Start, int Length, Channel? Channel, int Number)
    {
        public const int Ends = int.MinValue;

        public int End => Start + Length;
    }

    private sealed class Channel(bool onlyNewest)
    {
        public bool OnlyNewest => onlyNewest;

        public Life Life { get; private set; } = new(onlyNewest);

        public bool IsTold { get; set; }

        public int Published { get; set; }

        /// <summary>What the client has seen.</summary>
        public int Position { get; set; }

        public void Begin() => (Life, IsTold) = (new Life(onlyNewest), false);

        public void Take(int number)
        {
            if (onlyNewest) Assert.True(number > Position);
            else Assert.Equal(Position + 1, number);
            Position = number;
        }
    }

    private sealed class Life(bool onlyNewest) : IDroppable
    {
        public bool OnlyNewestCounts => onlyNewest;

        public bool IsLost { get; private set; }

        public void Lose() => IsLost = true;
    }
}
