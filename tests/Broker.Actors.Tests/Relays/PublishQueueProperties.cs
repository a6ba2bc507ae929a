using System.Text;
using Broker.Actors.Channels;
using Broker.Actors.Redis;
using Broker.Actors.Relays;

namespace Broker.Actors.Tests.Relays;

/// <summary>A relay's publish queue and an owner's batch numbers over a link that loses, doubles and overtakes, under owners that forget and change.</summary>
public sealed class PublishQueueProperties
{
    private static readonly ChannelName X = ChannelName.Broadcast("x");

    [Fact]
    public void With_history_every_publication_is_taken_in_order_and_repeats_carry_their_ids() =>
        Interleavings.Check(8000, 200, choices => Run(choices, hasHistory: true));

    [Fact]
    public void Without_history_no_publication_is_taken_twice() =>
        Interleavings.Check(8000, 200, choices => Run(choices, hasHistory: false));

    [Fact]
    public void A_full_queue_refuses_and_takes_again_when_there_is_room()
    {
        var queue = new PublishQueue(2, 10);

        Assert.True(queue.Add(Pending(1, new byte[6])));
        Assert.False(queue.Add(Pending(2, new byte[5])));
        Assert.True(queue.Add(Pending(3, new byte[4])));
        Assert.False(queue.Add(Pending(4, [])));

        Assert.Equal(2, queue.Next(1000)!.Value.Publications.Count);
        Assert.True(queue.Add(Pending(5, new byte[10])));
    }

    [Fact]
    public void What_has_waited_too_long_comes_out_and_the_rest_stays_in_order()
    {
        var queue = new PublishQueue(10, 100);
        queue.Add(Pending(1, [1]) with { Until = TimeSpan.Zero });
        queue.Add(Pending(2, [2]));

        Assert.Equal(["1"], queue.Expire(TimeSpan.Zero).Select(pending => pending.Publication.PublishId));
        Assert.Equal(["2"], queue.Next(1000)!.Value.Publications.Select(publication => publication.PublishId));
    }

    /// <summary>The owner's node could not be reached, and who published waited until it could.</summary>
    [Fact]
    public void What_is_under_way_for_too_long_is_given_up_once_and_the_batch_stays()
    {
        var queue = new PublishQueue(10, 100);
        queue.Add(Pending(1, [1]) with { Until = TimeSpan.FromSeconds(5) });
        queue.Add(Pending(2, [2]));
        var batch = queue.Next(1000)!.Value;

        Assert.Empty(queue.GiveUp(TimeSpan.FromSeconds(4)));
        Assert.Equal(["1"], queue.GiveUp(TimeSpan.FromSeconds(5)).Select(pending => pending.Publication.PublishId));
        Assert.Empty(queue.GiveUp(TimeSpan.FromSeconds(6)));

        Assert.Equal(batch.Publications, queue.Again()!.Value.Publications);
        Assert.Equal(["1", "2"], queue.Published(batch.Number).Select(pending => pending.Publication.PublishId));
    }

    /// <summary>An owner that was lost had appended a hundred where the history keeps ten; the next one knew ten of them, and appended ninety twice.</summary>
    [Fact]
    public void A_batch_is_no_longer_than_the_history_that_must_tell_it_from_a_new_one()
    {
        var queue = new PublishQueue(100, 1000);
        for (var i = 0; i < 30; i++) queue.Add(Pending(i, [1]));

        Assert.Equal(10, queue.Next(10)!.Value.Publications.Count);
        queue.Published(1);
        Assert.Equal(20, queue.Next(0)!.Value.Publications.Count);
    }

    /// <summary>A client was told that nothing had been published, when an owner that was lost had published it, and the next one refused.</summary>
    [Fact]
    public void What_a_lost_owner_may_have_published_is_never_said_not_to_be()
    {
        var queue = new PublishQueue(10, 100);
        queue.Add(Pending(1, [1], retry: false));
        var batch = queue.Next(1000)!.Value;

        Assert.Empty(queue.OwnerLost(hasHistory: true, TimeSpan.Zero));

        Assert.True(Assert.Single(queue.Refused(BatchRefused.Unsent(batch.Number), TimeSpan.Zero)).MayBePublished);
    }

    private static PublishQueue.Pending Pending(int number, byte[] payload, bool retry = true) =>
        new(new OutgoingPublication(payload, $"{number}", null, 0), new AwaitedTicket(), TimeSpan.MaxValue, retry);

    private static void Run(Choices choices, bool hasHistory)
    {
        var link = new Link(choices, hasHistory);
        while (!choices.AreOver) link.Step();
        link.Settle();
        link.Check();
    }

    private sealed class Link(Choices choices, bool hasHistory)
    {
        private readonly PublishQueue _queue = new(1000, 1_000_000);
        private readonly List<(int Owner, object Message)> _toOwner = [];
        private readonly List<(int Owner, object Message)> _toRelay = [];
        private readonly List<PublishBatch> _taken = [];
        private readonly List<string> _applied = [];
        private readonly List<string> _done = [];
        private readonly List<string> _failed = [];
        private AttachedRelays _relays = new();
        private int _incarnation;
        private int _owner = -1;
        private int _published;

        public void Step()
        {
            switch (choices.Next(12))
            {
                case 0 or 1: Publish(); break;
                case 2: Lose(_toOwner); break;
                case 3: Lose(_toRelay); break;
                case 4: Double(choices.Once(2) ? _toOwner : _toRelay); break;
                case 5: Finish(choices.Once(4)); break;
                case 6: SendAgain(); break;
                case 7 when choices.Once(4): ChangeOwner(); break;
                case 8: Attach(); break;
                case 9 or 10: AtOwner(choices.Next(Math.Max(1, _toOwner.Count))); break;
                default: AtRelay(choices.Next(Math.Max(1, _toRelay.Count))); break;
            }
        }

        public void Settle()
        {
            for (var round = 0; round < 2000 && !_queue.IsEmpty; round++)
            {
                while (_toOwner.Count > 0) AtOwner(0);
                while (_taken.Count > 0) Finish(refuse: false);
                while (_toRelay.Count > 0) AtRelay(0);
                if (_owner >= 0 && _owner != _incarnation) LoseOwner();
                else if (_owner < 0) Attach();
                else SendAgain();
            }

            Assert.True(_queue.IsEmpty, "it never comes to rest");
        }

        public void Check()
        {
            choices.Step($"applied {string.Join(' ', _applied)}; done {string.Join(' ', _done)}; failed {string.Join(' ', _failed)}");
            var first = _applied.Distinct().ToArray();
            Assert.Equal(Enumerable.Range(1, _published), _done.Concat(_failed).Select(int.Parse).Order());
            Assert.All(_done, id => Assert.Contains(id, first));
            Assert.Equal(first.Select(int.Parse).Order(), first.Select(int.Parse));
            if (hasHistory) Assert.Empty(_failed);
            else Assert.Equal(first.Length, _applied.Count);
        }

        private void Publish()
        {
            _queue.Add(new PublishQueue.Pending(
                new OutgoingPublication(Encoding.UTF8.GetBytes("x"), $"{++_published}", null, 0), new AwaitedTicket(), TimeSpan.MaxValue, Retry: true));
            choices.Step($"publish {_published}");
            if (_owner >= 0 && _queue.Next(hasHistory ? 1000 : 0) is { } batch) Send(batch);
        }

        private void Send((long Number, IReadOnlyList<OutgoingPublication> Publications) batch)
        {
            choices.Step($"relay sends batch {batch.Number}: {string.Join(' ', batch.Publications.Select(one => one.PublishId))}");
            _toOwner.Add((_owner, new PublishBatch(X, "relay", batch.Number, batch.Publications)));
        }

        private void SendAgain()
        {
            if (_owner < 0) return;
            if (_queue.Again() is { } batch) Send(batch);
            else if (_queue.Next(hasHistory ? 1000 : 0) is { } next) Send(next);
        }

        private void Attach()
        {
            choices.Step($"relay attaches, next is {_queue.NextNumber}");
            _toOwner.Add((-1, new Attach(X, "relay", _queue.NextNumber, default)));
        }

        private void AtOwner(int index)
        {
            if (_toOwner.Count == 0) return;

            var (owner, message) = _toOwner[index];
            _toOwner.RemoveAt(index);
            if (message is Attach attach)
            {
                _relays.Attach(attach.Relay, ActorRefs.Nobody, attach.NextBatch);
                _toRelay.Add((_incarnation, new Attached(default, true, hasHistory ? 1000 : 0)));
                return;
            }

            // To an owner that has gone: nobody gets it.
            if (owner != _incarnation) return;

            var batch = (PublishBatch)message;
            var verdict = _relays.Take(batch.Relay, batch.Number, out var answer);
            choices.Step($"owner {_incarnation}, batch {batch.Number}: {verdict}");
            if (verdict == AttachedRelays.Verdict.Take) _taken.Add(batch);
            else if (verdict == AttachedRelays.Verdict.AnswerAgain) _toRelay.Add((_incarnation, answer!));
            else if (verdict == AttachedRelays.Verdict.AttachAgain) _toRelay.Add((_incarnation, new Detached(X)));
        }

        /// <summary>Redis has answered the owner, or the owner refuses before it has sent anything.</summary>
        private void Finish(bool refuse)
        {
            if (_taken.Count == 0) return;

            var batch = _taken[0];
            _taken.RemoveAt(0);
            object answer = refuse ? BatchRefused.Unsent(batch.Number) : new BatchPublished(batch.Number, []);
            if (!refuse) _applied.AddRange(batch.Publications.Select(one => one.PublishId!));
            choices.Step($"owner {_incarnation} answers {answer}");
            if (_relays.Answer(batch.Relay, batch.Number, answer) is not null) _toRelay.Add((_incarnation, answer));
        }

        private void ChangeOwner()
        {
            // What it had taken may have been carried out before it went.
            while (_taken.Count > 0 && choices.Once(2)) Finish(refuse: false);
            _taken.Clear();
            _relays = new AttachedRelays();
            _incarnation++;
            choices.Step($"owner {_incarnation} follows");
            if (choices.Once(2)) LoseOwner();
        }

        private void AtRelay(int index)
        {
            if (_toRelay.Count == 0) return;

            var (owner, message) = _toRelay[index];
            _toRelay.RemoveAt(index);
            choices.Step($"relay gets {message} from {owner}");
            switch (message)
            {
                case Attached when _owner >= 0 && owner != _owner:
                    LoseOwner();
                    break;
                case Attached when owner == _incarnation:
                    if (_owner < 0 && _queue.Again() is { } batch)
                    {
                        _owner = owner;
                        Send(batch);
                    }

                    _owner = owner;
                    if (_queue.Next(hasHistory ? 1000 : 0) is { } next) Send(next);
                    break;
                case Detached when owner == _owner:
                    LoseOwner();
                    break;
                case BatchPublished published:
                    _done.AddRange(_queue.Published(published.Number).Select(pending => pending.Publication.PublishId!));
                    break;
                case BatchRefused refused:
                    _queue.Refused(refused, TimeSpan.Zero);
                    break;
            }
        }

        private void LoseOwner()
        {
            _owner = -1;
            _failed.AddRange(_queue.OwnerLost(hasHistory, TimeSpan.Zero).Select(pending => pending.Publication.PublishId!));
            Attach();
        }

        private void Lose(List<(int, object)> link)
        {
            if (link.Count > 0) link.RemoveAt(choices.Next(link.Count));
        }

        private void Double(List<(int, object)> link)
        {
            if (link.Count > 0) link.Add(link[choices.Next(link.Count)]);
        }
    }
}
