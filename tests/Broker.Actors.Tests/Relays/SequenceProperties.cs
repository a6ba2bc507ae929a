using Broker.Actors.Channels;
using Broker.Actors.Relays;

namespace Broker.Actors.Tests.Relays;

/// <summary>A relay's sequence at the end of a link that loses, doubles and overtakes, and under owners that follow each other.</summary>
public sealed class SequenceProperties
{
    private static readonly ChannelName X = ChannelName.Broadcast("x");

    [Fact]
    public void With_history_everything_is_passed_on_once_and_in_order_whatever_the_link_does() =>
        Interleavings.Check(8000, 160, choices => Run(choices, hasHistory: true, epochs: false));

    [Fact]
    public void Without_history_nothing_is_passed_on_twice_and_what_is_missing_is_counted() =>
        Interleavings.Check(8000, 160, choices => Run(choices, hasHistory: false, epochs: true));

    [Fact]
    public void A_new_epoch_is_passed_on_from_its_beginning() =>
        Interleavings.Check(8000, 160, choices => Run(choices, hasHistory: true, epochs: true));

    [Fact]
    public void What_the_history_has_let_go_is_counted_and_the_rest_follows() =>
        Interleavings.Check(8000, 160, choices => Run(choices, hasHistory: true, epochs: false, kept: 4));

    private static void Run(Choices choices, bool hasHistory, bool epochs, int kept = int.MaxValue)
    {
        var relay = new Link(choices, hasHistory, kept);
        while (!choices.AreOver) relay.Step(epochs);
        relay.Settle();
        relay.Check();
    }

    /// <summary>The owner's log, the relay, and what is on the way between them.</summary>
    private sealed class Link
    {
        private readonly Choices _choices;
        private readonly bool _hasHistory;
        private readonly int _kept;
        private readonly Sequence _sequence = new();
        private readonly List<object> _toRelay = [];
        private readonly List<ReadMissed> _toOwner = [];
        private readonly List<Publication> _log = [];
        private readonly List<Publication> _passed = [];
        private readonly StreamPosition _start;
        private string _epoch = "e001";
        private int _epochs = 1;
        private long _offset;
        private long _ticket;
        private long _filling;

        public Link(Choices choices, bool hasHistory, int kept)
        {
            (_choices, _hasHistory, _kept) = (choices, hasHistory, kept);
            _offset = choices.Next(3);
            _start = Top;
            _sequence.StartAt(_start);
        }

        private StreamPosition Top => new(_epoch, _offset);

        public void Step(bool epochs)
        {
            switch (_choices.Next(10))
            {
                case 0 or 1: Publish(1 + _choices.Next(3)); break;
                case 2: Send(new Standing(Top)); break;
                case 3: Lose(); break;
                case 4 when _toRelay.Count > 0: _toRelay.Add(_toRelay[_choices.Next(_toRelay.Count)]); break;
                case 5: AnswerOne(); break;
                case 6 when _choices.Once(3): _filling = 0; break;
                case 7 when epochs && _choices.Once(4): ChangeEpoch(); break;
                default: Deliver(_choices.Next(Math.Max(1, _toRelay.Count))); break;
            }
        }

        public void Settle()
        {
            Publish(1);
            for (var round = 0; round < 300; round++)
            {
                if (_toRelay.Count == 0 && _toOwner.Count == 0)
                {
                    if (_sequence.Position == Top && !_sequence.HasGap) return;

                    // The owner tells now and then where it stands; a question that was lost is asked again.
                    _filling = 0;
                    Send(new Standing(Top));
                }

                Deliver(0);
                AnswerOne();
            }

            Assert.Fail($"stuck at {_sequence.Position}, the owner is at {Top}");
        }

        public void Check()
        {
            var last = _start;
            var gaps = 0L;
            foreach (var publication in _passed)
            {
                _choices.Step($"passed {publication.Position}");
                var position = publication.Position;
                if (position.Epoch == last.Epoch) Assert.True(position.Offset > last.Offset, $"{position} after {last}");
                if (position.Epoch == last.Epoch) gaps += position.Offset - last.Offset - 1;
                else Assert.True(string.CompareOrdinal(position.Epoch, last.Epoch) > 0, $"{position} after {last}");
                last = position;
            }

            Assert.True(gaps <= _sequence.Lost, $"{gaps} are missing and {_sequence.Lost} were counted");
            if (!_hasHistory || _kept < int.MaxValue) return;

            var present = _log.Where(one => one.Position.Epoch == _epoch && (_epochs > 1 || one.Position.Offset > _start.Offset)).Select(one => one.Position);
            Assert.Equal(present, _passed.Where(one => one.Position.Epoch == _epoch).Select(one => one.Position));
            if (_epochs == 1) Assert.Equal(0, _sequence.Lost);
        }

        private void Publish(int count)
        {
            var items = new List<Publication>();
            for (var i = 0; i < count; i++) items.Add(new Publication(ChannelName.Broadcast("x"), new StreamPosition(_epoch, ++_offset), Array.Empty<byte>()));
            _log.AddRange(items);
            Send(new Publications(items));
        }

        private void Send(object message)
        {
            _choices.Step($"owner: {Show(message)}");
            _toRelay.Add(message);
        }

        private void Lose()
        {
            if (_toRelay.Count == 0) return;

            var index = _choices.Next(_toRelay.Count);
            _choices.Step($"lost: {Show(_toRelay[index])}");
            _toRelay.RemoveAt(index);
        }

        /// <summary>What a former owner had sent is not taken from it any more.</summary>
        private void ChangeEpoch()
        {
            _epoch = $"e{++_epochs:D3}";
            _offset = 0;
            _toRelay.Clear();
            _toOwner.Clear();
            _filling = 0;
            _choices.Step($"a new owner with {_epoch}");
        }

        private void Deliver(int index)
        {
            if (_toRelay.Count == 0) return;

            var message = _toRelay[index];
            _toRelay.RemoveAt(index);
            _choices.Step($"relay at {_sequence.Position}{(_sequence.HasGap ? " with a gap" : "")} gets {Show(message)}");
            switch (message)
            {
                case Publications publications: _passed.AddRange(_sequence.Take(publications.Items, _hasHistory)); break;
                case Standing standing: _sequence.Stands(standing.Position, _hasHistory); break;
                case Missed missed when missed.Ticket == _filling:
                    _filling = 0;
                    _passed.AddRange(_sequence.Filled(missed));
                    break;
            }

            if (!_sequence.HasGap || _filling != 0) return;
            _filling = ++_ticket;
            _toOwner.Add(new ReadMissed(X, _filling, _sequence.Position));
            _choices.Step($"relay asks for what came after {_sequence.Position}");
        }

        private void AnswerOne()
        {
            if (_toOwner.Count == 0) return;

            var order = _toOwner[0];
            _toOwner.RemoveAt(0);
            var present = _log.Where(one => one.Position.Epoch == _epoch).TakeLast(_kept).ToArray();
            var oldest = present.Length > 0 ? present[0].Position.Offset : _offset + 1;
            if (order.Since.Epoch != _epoch || order.Since.Offset > _offset || oldest > order.Since.Offset + 1)
            {
                Send(new Missed(order.Ticket, false, Top, [], false));
                return;
            }

            var rest = present.Where(one => one.Position.Offset > order.Since.Offset).Chunk(2).ToArray();
            if (rest.Length == 0) Send(new Missed(order.Ticket, true, order.Since, [], false));
            else Send(new Missed(order.Ticket, true, rest[0][^1].Position, rest[0], rest.Length > 1));
        }

        private static string Show(object message) => message switch
        {
            Publications publications => $"publications {string.Join(' ', publications.Items.Select(one => one.Position))}",
            Missed missed => $"missed {(missed.Whole ? "" : "not whole ")}{string.Join(' ', missed.Items.Select(one => one.Position))} up to {missed.Position}{(missed.More ? " …" : "")}",
            _ => message.ToString()!,
        };
    }
}
