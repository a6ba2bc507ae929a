using System.Text;
using Broker.Actors.Redis;
using Broker.Actors.Redis.Subscriptions;
using FsCheck;
using FsCheck.Fluent;

namespace Broker.Actors.Tests.Redis;

/// <summary>Which confirmation, message and PONG counts for whom, over any interleaving of callers, Redis and losses.</summary>
public sealed class SubscriptionTableTests
{
    private static readonly FsCheck.Config Thorough = FsCheck.Config.QuickThrowOnFailure.WithMaxTest(2000);

    private enum Step { Subscribe, Unsubscribe, Publish, Fence, Redis, Lose, Connect, Forbid, Allow }

    [Fact]
    public void An_answer_to_an_older_subscribe_does_not_confirm_a_newer_one()
    {
        var redis = new Model();
        redis.Connect();
        var older = redis.Subscribe("c");
        redis.TakeCommands();
        redis.Unsubscribe("c", older);
        var newer = redis.Subscribe("c");

        redis.AnswerTaken(3);
        Assert.Empty(newer.Log);

        redis.AnswerAll();
        Assert.Equal(["subscribed"], newer.Log);
        Assert.Empty(older.Log);
    }

    [Fact]
    public void Fences_of_one_moment_share_a_ping_and_later_ones_get_their_own()
    {
        var redis = new Model();
        redis.Connect();
        var channel = redis.Subscribe("c");
        redis.AnswerAll();

        var before = redis.Pings;
        for (var i = 1; i <= 100; i++) redis.Table.Fence("c", i);
        redis.TakeCommands();
        redis.Table.Fence("c", 101);
        redis.TakeCommands();

        Assert.Equal(2, redis.Pings - before);
        redis.AnswerAll();
        Assert.Equal(["subscribed", .. Enumerable.Range(1, 101).Select(i => $"passed {i}")], channel.Log);
    }

    // A copy that crossed the cluster's bus more slowly than we subscribed again came without its mark, and was appended a second time.
    [Fact]
    public void On_a_cluster_a_channel_with_marks_is_confirmed_behind_what_was_published_before()
    {
        var redis = new Model();
        redis.Table.SubscribeFences("fences");
        redis.Connect();
        var channel = redis.Subscribe("c");
        redis.AnswerAll();

        for (var connection = 0; connection < 2; connection++)
        {
            var wanted = Assert.Single(redis.Table.TakeWantedFences());
            Assert.Equal("c", wanted.Channel);
            redis.Publish("c");
            redis.AnswerAll();
            Assert.False(channel.Log is [.., "subscribed"]);

            redis.Say("fences", $"{wanted.Fence}");
            redis.Publish("c");
            redis.AnswerAll();
            redis.Lose();
            redis.Connect();
            redis.AnswerAll();
        }

        Assert.Equal(["subscribed", "2", "lost", "subscribed", "4", "lost"], channel.Log);
    }

    [Fact]
    public void On_a_cluster_a_channel_without_marks_waits_for_nothing()
    {
        var redis = new Model();
        redis.Table.SubscribeFences("fences");
        redis.Connect();
        var recorder = new Recorder();
        redis.Table.Subscribe("c", null, recorder);
        redis.AnswerAll();

        Assert.Equal(["subscribed"], recorder.Log);
        Assert.Empty(redis.Table.TakeWantedFences());
    }

    [Theory]
    [InlineData("NOAUTH Authentication required.")]
    [InlineData("NOPERM User default has no permissions to run the 'subscribe' command")]
    public void A_refusal_that_is_about_more_than_a_channel_is_an_error_with_redis_own_words(string words)
    {
        var redis = new Model();
        redis.Connect();
        redis.Subscribe("c");

        var refused = Assert.Throws<RespProtocolException>(() => redis.Feed($"-{words}\r\n"));
        Assert.Contains(words, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_refusal_that_answers_nothing_is_an_error()
    {
        var redis = new Model();
        redis.Connect();

        Assert.Throws<RespProtocolException>(() => redis.Feed("-NOPERM No permissions to access a channel\r\n"));
    }

    // One channel without rights cost all channels of the node their connection, again and again.
    [Fact]
    public void A_refused_channel_is_told_once_and_costs_the_others_of_its_batch_nothing()
    {
        var redis = new Model();
        redis.Forbid("b");
        var (a, b, c) = (redis.Subscribe("a"), redis.Subscribe("b"), redis.Subscribe("c"));

        redis.Connect();
        redis.AnswerAll();

        Assert.All(new[] { a, c }, channel => Assert.Equal(["subscribed"], channel.Log));
        Assert.Equal(["refused"], b.Log);
        Assert.True(redis.Table.IsVerified);
    }

    [Fact]
    public void A_batch_with_a_refused_channel_is_not_verified_before_each_of_its_names_is_answered()
    {
        var redis = new Model();
        redis.Forbid("b");
        redis.Subscribe("a");
        redis.Subscribe("b");
        redis.Connect();

        redis.TakeCommands();
        redis.AnswerTaken(2);
        Assert.False(redis.Table.IsVerified);

        redis.AnswerAll();
        Assert.True(redis.Table.IsVerified);
    }

    [Fact]
    public void A_channel_whose_marks_are_refused_is_refused_and_gets_nothing()
    {
        var redis = new Model();
        redis.Connect();
        redis.Forbid("a:mark");
        var a = redis.Subscribe("a");
        redis.AnswerAll();

        redis.Publish("a");
        redis.AnswerAll();

        Assert.Equal(["refused"], a.Log);
    }

    [Fact]
    public void A_refused_channel_is_tried_again_by_who_subscribes_it_again_and_with_the_next_connection()
    {
        var redis = new Model();
        redis.Connect();
        redis.Forbid("a");
        redis.Forbid("b");
        redis.Subscribe("a");
        var b = redis.Subscribe("b");
        redis.AnswerAll();

        redis.Allow("a");
        var again = redis.Subscribe("a");
        redis.AnswerAll();
        Assert.Equal(["subscribed"], again.Log);

        redis.Allow("b");
        redis.Lose();
        redis.Connect();
        redis.AnswerAll();
        Assert.Equal(["refused", "subscribed"], b.Log);
    }

    [Theory]
    [InlineData("*3\r\n$9\r\nsubscribe\r\n$1\r\nx\r\n:1\r\n")]
    [InlineData("+PONG\r\n+PONG\r\n")]
    [InlineData("+HELLO\r\n")]
    [InlineData(":1\r\n")]
    [InlineData("*0\r\n")]
    public void Answers_that_nobody_asked_for_are_an_error(string answer)
    {
        var redis = new Model();
        redis.Connect();

        Assert.Throws<RespProtocolException>(() => redis.Feed(answer));
    }

    [Fact]
    public void A_pong_before_the_confirmations_is_an_error()
    {
        var redis = new Model();
        redis.Subscribe("c");
        redis.Connect();

        Assert.Throws<RespProtocolException>(() => redis.Feed("+PONG\r\n"));
    }

    [Fact]
    public void Many_names_are_subscribed_again_in_batches()
    {
        var redis = new Model();
        for (var i = 0; i < 1500; i++) redis.Subscribe($"c{i}");
        redis.Connect();

        var commands = redis.TakeCommands();

        Assert.Equal([512, 512, 512, 512, 512, 440], commands.Where(command => command[0] == "SUBSCRIBE").Select(command => command.Length - 1));
        redis.AnswerAll();
        Assert.True(redis.Table.IsVerified);
    }

    [Fact]
    public void Whatever_happens_a_subscriber_sees_a_run_of_what_was_published_while_it_was_subscribed()
    {
        var step = Gen.Frequency(
            (4, Gen.Constant(Step.Subscribe)), (3, Gen.Constant(Step.Unsubscribe)), (6, Gen.Constant(Step.Publish)), (3, Gen.Constant(Step.Fence)),
            (8, Gen.Constant(Step.Redis)), (1, Gen.Constant(Step.Lose)), (2, Gen.Constant(Step.Connect)),
            (1, Gen.Constant(Step.Forbid)), (2, Gen.Constant(Step.Allow)));
        var cases = Gen.ListOf(from what in step from channel in Gen.Elements("a", "b", "c") from count in Gen.Choose(1, 4) select (what, channel, count));

        Prop.ForAll(cases.ToArbitrary(), steps =>
        {
            var redis = new Model();
            foreach (var (what, channel, count) in steps) Do(redis, what, channel, count);
            redis.Connect();
            redis.AnswerAll();
            redis.Check();
        }).Check(Thorough);
    }

    private static void Do(Model redis, Step what, string channel, int count)
    {
        switch (what)
        {
            case Step.Subscribe: redis.Subscribe(channel); break;
            case Step.Unsubscribe: redis.Unsubscribe(channel, redis.Latest(channel)); break;
            case Step.Publish: redis.Publish(channel); break;
            case Step.Fence: redis.Fence(channel); break;
            case Step.Redis: redis.TakeCommands(); redis.AnswerTaken(count); break;
            case Step.Lose: redis.Lose(); break;
            case Step.Connect: redis.Connect(); break;
            case Step.Forbid: redis.Forbid(channel); break;
            case Step.Allow: redis.Allow(channel); break;
        }
    }

    /// <summary>A Redis that answers when it is told to: commands and answers are on their way for as long as a test likes.</summary>
    private sealed class Model
    {
        private readonly Deliveries _deliveries = new((_, problem) => throw problem);
        private readonly Queue<string[]> _commands = new();
        private readonly HashSet<string> _subscribed = [];
        private readonly List<(string Channel, Recorder Recorder)> _recorders = [];
        private readonly HashSet<(string, Recorder)> _ended = [];
        private readonly Dictionary<string, int> _published = [];
        private readonly Queue<string> _answers = new();
        private readonly HashSet<string> _forbidden = [];
        private RespReader _reader = new(1024 * 1024);
        private bool _connected;
        private long _ticket;

        public SubscriptionTable Table { get; } = new();

        public int Pings { get; private set; }

        public Recorder Subscribe(string channel)
        {
            var recorder = new Recorder();
            _recorders.Add((channel, recorder));
            Table.Subscribe(channel, channel + ":mark", recorder);
            return recorder;
        }

        public Recorder? Latest(string channel) => _recorders.LastOrDefault(entry => entry.Channel == channel).Recorder;

        public void Unsubscribe(string channel, Recorder? recorder)
        {
            if (recorder is null) return;

            _ended.Add((channel, recorder));
            Table.Unsubscribe(channel, recorder);
        }

        /// <summary>From now on; who has subscribed it stays.</summary>
        public void Forbid(string name) => _forbidden.Add(name);

        public void Allow(string name) => _forbidden.Remove(name);

        public void Fence(string channel) => Table.Fence(channel, ++_ticket);

        public void Publish(string channel)
        {
            var number = _published[channel] = _published.GetValueOrDefault(channel) + 1;
            if (_subscribed.Contains(channel)) Say(channel, $"{number}");
        }

        public void Say(string channel, string message) =>
            _answers.Enqueue($"*3\r\n$7\r\nmessage\r\n${channel.Length}\r\n{channel}\r\n${message.Length}\r\n{message}\r\n");

        public void Connect()
        {
            if (_connected) return;

            _connected = true;
            _reader = new RespReader(1024 * 1024);
            Table.Connected();
        }

        public void Lose()
        {
            if (!_connected) return;

            _connected = false;
            _commands.Clear();
            _answers.Clear();
            _subscribed.Clear();
            Table.Disconnected(_deliveries);
            _deliveries.Run();
        }

        /// <summary>What the connection has written is now with Redis.</summary>
        public List<string[]> TakeCommands()
        {
            var taken = new List<string[]>();
            var text = Encoding.UTF8.GetString(Table.TakeOutbox().WrittenSpan);
            foreach (var command in text.Split('*', StringSplitOptions.RemoveEmptyEntries))
                taken.Add([.. command.Split("\r\n")[1..^1].Where((_, i) => i % 2 == 1)]);

            foreach (var command in taken) _commands.Enqueue(command);
            Pings += taken.Count(command => command[0] == "PING");
            return taken;
        }

        /// <summary>Redis executes so many commands, and everything that it has to say so far arrives.</summary>
        public void AnswerTaken(int count)
        {
            for (var i = 0; i < count && _commands.TryDequeue(out var command); i++) Execute(command);
            while (_answers.TryDequeue(out var answer)) Feed(answer);
        }

        public void AnswerAll()
        {
            do
            {
                TakeCommands();
                AnswerTaken(int.MaxValue);
            }
            while (Table.Outbox.WrittenCount > 0);
        }

        public void Feed(string answer)
        {
            var bytes = Encoding.UTF8.GetBytes(answer);
            bytes.CopyTo(_reader.Free());
            _reader.Filled(bytes.Length);
            while (_reader.TryRead(out var frame)) Table.Read(frame, _deliveries);
            _deliveries.Run();
        }

        public void Check()
        {
            Assert.True(Table.IsVerified);
            foreach (var (channel, recorder) in _recorders)
            {
                CheckLog(recorder.Log);
                if (recorder == Latest(channel) && !_ended.Contains((channel, recorder))) Assert.Contains(recorder.Log.Last(IsState), new[] { "subscribed", "refused" });
            }
        }

        private static bool IsState(string entry) => entry is "subscribed" or "lost" or "refused";

        private static void CheckLog(IReadOnlyList<string> log)
        {
            var (up, next, passed) = (false, 0, 0L);
            foreach (var entry in log)
            {
                if (entry == "refused")
                {
                    Assert.False(up);
                    continue;
                }

                if (IsState(entry))
                {
                    Assert.NotEqual(up, up = entry == "subscribed");
                    next = 0;
                    continue;
                }

                Assert.True(up, $"'{entry}' came without a subscription");
                if (entry.StartsWith("passed ", StringComparison.Ordinal))
                {
                    var ticket = long.Parse(entry[7..], System.Globalization.CultureInfo.InvariantCulture);
                    Assert.True(ticket > passed);
                    passed = ticket;
                    continue;
                }

                var number = int.Parse(entry, System.Globalization.CultureInfo.InvariantCulture);
                Assert.True(next == 0 || number == next, $"{number} came where {next} was due");
                next = number + 1;
            }
        }

        private void Execute(string[] command)
        {
            if (command[0] == "SUBSCRIBE" && command[1..].Any(_forbidden.Contains))
            {
                _answers.Enqueue("-NOPERM No permissions to access a channel\r\n");
                return;
            }

            foreach (var name in command[1..])
            {
                if (command[0] == "SUBSCRIBE") _subscribed.Add(name);
                else _subscribed.Remove(name);
                _answers.Enqueue($"*3\r\n${command[0].Length}\r\n{command[0].ToLowerInvariant()}\r\n${name.Length}\r\n{name}\r\n:{_subscribed.Count}\r\n");
            }

            if (command[0] == "PING") _answers.Enqueue(_subscribed.Count > 0 ? "*2\r\n$4\r\npong\r\n$0\r\n\r\n" : "+PONG\r\n");
        }
    }
}
