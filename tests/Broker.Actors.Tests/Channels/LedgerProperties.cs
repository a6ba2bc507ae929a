using System.Text;
using Broker.Actors.Channels;
using Broker.Actors.Redis;

namespace Broker.Actors.Tests.Channels;

/// <summary>A ledger, or two that compete, against a model of Redis under thousands of interleavings. Payloads are equal on purpose.</summary>
public sealed class LedgerProperties
{
    private const int Length = 240;

    [Fact]
    public void Whatever_the_order_of_arrivals_and_answers_every_publication_is_in_the_history_exactly_once() =>
        Interleavings.Check(4000, Length, choices => Run(choices, new Trouble()));

    [Fact]
    public void Commands_that_fail_carried_out_or_not_neither_lose_nor_double_anything() =>
        Interleavings.Check(4000, Length, choices => Run(choices, new Trouble { Failures = true }));

    [Fact]
    public void Across_lost_subscriptions_own_publications_stay_exactly_once_and_foreign_ones_at_most_once() =>
        Interleavings.Check(4000, Length, choices => Run(choices, new Trouble { Failures = true, Breaks = true }));

    [Fact]
    public void Owners_that_follow_or_compete_with_each_other_append_nothing_twice() =>
        Interleavings.Check(6000, Length, choices => Run(choices, new Trouble { Failures = true, Breaks = true, Owners = true }));

    [Fact]
    public void A_Redis_that_forgets_all_or_its_last_writes_begins_a_new_epoch_and_goes_on() =>
        Interleavings.Check(4000, Length, choices => Run(choices, new Trouble { Failures = true, Breaks = true, Owners = true, Amnesia = true }));

    [Fact]
    public void A_history_shorter_than_what_is_published_loses_nothing_uncounted() =>
        Interleavings.Check(4000, Length, choices => Run(choices, new Trouble { Failures = true, Breaks = true, Size = 3 }));

    [Fact]
    public void Messages_that_foreign_publishers_also_keep_end_no_epoch_while_somebody_listens() =>
        Interleavings.Check(6000, Length, choices => Run(choices, new Trouble { Failures = true, Keeps = true }));

    private static void Run(Choices choices, Trouble trouble)
    {
        var world = new World(choices, trouble);
        while (!choices.AreOver) world.Step();
        world.Settle();
        world.Check();
    }

    /// <summary>What may go wrong.</summary>
    private sealed record Trouble
    {
        public bool Failures { get; init; }

        public bool Breaks { get; init; }

        public bool Owners { get; init; }

        public bool Amnesia { get; init; }

        public bool Keeps { get; init; }

        public int Size { get; init; } = 10_000;
    }

    private sealed class World
    {
        private readonly Choices _choices;
        private readonly Trouble _trouble;
        private readonly ModelRedis _redis;
        private readonly List<ModelOwner> _owners = [];
        private readonly Dictionary<string, byte[]> _own = [];
        private readonly Dictionary<string, StreamPosition> _acknowledged = [];
        private readonly List<string> _refused = [];
        private readonly Dictionary<string, int> _foreign = [];
        private int _epochs;
        private bool _foreignMayBeLost;

        public World(Choices choices, Trouble trouble)
        {
            (_choices, _trouble, _redis) = (choices, trouble, new ModelRedis(trouble.Size));

            // What was trimmed before it could be read leaves open whether a failed script had appended it.
            _foreignMayBeLost = trouble.Size < 1000;
            Start();
        }

        private ModelOwner Newest => _owners.FindLast(owner => !owner.IsStopped) ?? _owners[^1];

        public void Step()
        {
            var alive = _owners.Where(owner => !owner.IsStopped).ToArray();
            var one = alive.Length > 0 ? alive[_choices.Next(alive.Length)] : null;
            switch (_choices.Next(16))
            {
                case 0: PublishOwn(); break;
                case 1: PublishForeign(); break;
                case 2: Repeat(); break;
                case 3 when _trouble.Failures: one?.TimeOut(); break;
                case 4 when _trouble.Breaks && _choices.Once(3) && one is not null:
                    _foreignMayBeLost = true;
                    one.Break();
                    break;
                case 5 when _trouble.Owners && _choices.Once(4) && alive.Length < 2: Start(); break;
                case 6 when _trouble.Owners && _choices.Once(6): one?.Die(); break;
                case 8 or 9 when _trouble.Keeps && Newest.IsOwning: KeepForeign(); break;
                case 10 when _trouble.Keeps: _redis.CarryOutSecondHalf(); break;
                case 7 when _trouble.Amnesia && _choices.Once(6): LoseMemory(alive); break;
                default: one?.Step(); break;
            }

            Collect();
            if (_owners.TrueForAll(owner => owner.IsStopped)) Start();
        }

        /// <summary>From here on Redis behaves and nobody new comes.</summary>
        public void Settle()
        {
            // A Redis that has forgotten is noticed with the next publish.
            if (_trouble.Amnesia) PublishOwn();
            _redis.CarryOutSecondHalf();

            for (var round = 0; round < 5000; round++)
            {
                Collect();
                if (_owners.TrueForAll(owner => owner.IsStopped)) Start();
                if (_refused.Count > 0 && Newest.Ledger.Accepts) Repeat();
                var moved = false;
                foreach (var owner in _owners) moved |= owner.Step();
                if (!moved && _refused.Count == 0) return;
            }

            Assert.Fail("it never comes to rest");
        }

        public void Check()
        {
            Collect();
            Assert.True(_owners.Exists(owner => owner.IsOwning), "nobody owns the channel in the end");
            var owner = _owners.Find(owner => owner.IsOwning)!;
            Assert.True(owner.Ledger.IsIdle);
            Assert.True(owner.Ledger.HoldsNothingForeign, "room has leaked");
            Assert.Equal(_redis.Position, owner.Ledger.Position);

            if (_trouble.Keeps) Assert.All(owner.Delivered, publication => Assert.Equal(owner.Delivered[0].Position.Epoch, publication.Position.Epoch));
            foreach (var each in _owners) DeliveredAsTheHistorySays(each);
            Assert.Equal(_own.Keys.Order(), _acknowledged.Keys.Order());
            if (!_trouble.Amnesia) TheLogIsRight();
        }

        private void DeliveredAsTheHistorySays(ModelOwner owner)
        {
            var last = new StreamPosition("", 0);
            var gaps = 0L;
            foreach (var publication in owner.Delivered)
            {
                var entry = _redis.Log.FindLast(entry => entry.Position == publication.Position);
                Assert.True(entry is not null, $"{owner.Name} delivered {publication.Position}, which the history never had");
                if (!_trouble.Amnesia) Assert.True(entry.Payload.AsSpan().SequenceEqual(publication.Payload.Span), $"{publication.Position} differs");

                if (publication.Position.Epoch == last.Epoch)
                {
                    Assert.True(publication.Position.Offset > last.Offset, $"{owner.Name} delivered {publication.Position} after {last}");
                    gaps += publication.Position.Offset - last.Offset - 1;
                }

                last = publication.Position;
            }

            Assert.True(gaps <= owner.Ledger.Missed, $"{owner.Name} left out {gaps} and counted {owner.Ledger.Missed}");
        }

        private void TheLogIsRight()
        {
            foreach (var (id, position) in _acknowledged)
            {
                var entries = _redis.Log.FindAll(entry => entry.Id == id);
                Assert.True(entries.Exists(entry => entry.Position == position), $"{id} was acknowledged at {position} and is not there");
                if (_trouble.Size > 1000) Assert.True(entries.Count == 1, $"{id} is in the history {entries.Count} times");
            }

            foreach (var (payload, published) in _foreign)
            {
                var appended = _redis.Log.Count(entry => entry.Foreign && Encoding.UTF8.GetString(entry.Payload) == payload);
                Assert.True(appended <= published, $"foreign {payload}: published {published} times, appended {appended} times");
                if (!_foreignMayBeLost) Assert.True(appended == published, $"foreign {payload}: published {published} times, appended {appended} times");
            }
        }

        private void PublishOwn()
        {
            var id = $"p{_own.Count + 1}";
            _own[id] = Payload();
            _choices.Step($"{Newest.Name}: publish {id}={Encoding.UTF8.GetString(_own[id])}");
            Newest.Publish(_own[id], id);
        }

        private void PublishForeign()
        {
            var payload = Payload();
            var text = Encoding.UTF8.GetString(payload);
            _choices.Step($"somebody: PUBLISH {text}");

            // Before the first subscription, or between two, nobody listens.
            if (!Newest.IsOwning) _foreignMayBeLost |= _owners.Count > 1 || !Newest.Ledger.Accepts;
            _foreign[text] = _foreign.GetValueOrDefault(text) + 1;
            _redis.Publish(payload);
        }

        private void KeepForeign()
        {
            // Each is new: an equal one that the history has let go could be told from it by nobody.
            var text = $"k{_foreign.Count}";
            var keepsFirst = _choices.Once(2);
            _choices.Step($"somebody: {(keepsFirst ? "SETEX and PUBLISH" : "PUBLISH and SETEX")} {text}");
            _foreign[text] = 1;
            _redis.PublishAndKeep(Encoding.UTF8.GetBytes(text), keepsFirst);
        }

        /// <summary>A refused publish, or now and then one that was acknowledged, comes again under its id.</summary>
        private void Repeat()
        {
            string id;
            if (_refused.Count > 0)
            {
                id = _refused[_choices.Next(_refused.Count)];
                _refused.Remove(id);
            }
            else if (_acknowledged.Count > 0 && _trouble is { Size: > 1000, Amnesia: false })
            {
                id = _acknowledged.Keys.Order().Last();
            }
            else
            {
                return;
            }

            _choices.Step($"{Newest.Name}: publish {id} again");
            Newest.Publish(_own[id], id);
        }

        private void LoseMemory(ModelOwner[] alive)
        {
            if (_choices.Once(2))
            {
                _choices.Step("Redis forgets all");
                _redis.Forget();
            }
            else
            {
                _choices.Step("Redis comes back without its last writes");
                _redis.GoBack(1 + _choices.Next(3));
            }

            if (_choices.Once(2)) foreach (var owner in alive) owner.Break();
        }

        private void Start()
        {
            var owner = new ModelOwner($"owner {_owners.Count + 1}", _redis, _choices, new HistoryLimits(_trouble.Size, TimeSpan.FromHours(1)), () => $"e{++_epochs}");
            _choices.Step($"{owner.Name}: starts");
            _foreignMayBeLost |= _owners.Count > 0;
            _owners.Add(owner);
        }

        private void Collect()
        {
            foreach (var owner in _owners)
            {
                _refused.AddRange(owner.Refused.Cast<string>().Where(id => !_refused.Contains(id) && !_acknowledged.ContainsKey(id)));
                owner.Refused.Clear();
                foreach (var (ticket, position) in owner.Answered)
                {
                    if (_acknowledged.TryAdd((string)ticket, position) || _trouble.Amnesia || _trouble.Size < 1000) continue;
                    Assert.Equal(_acknowledged[(string)ticket], position);
                }

                owner.Answered.Clear();
            }
        }

        private byte[] Payload() => _choices.Once(3) ? "b"u8.ToArray() : "a"u8.ToArray();
    }
}
