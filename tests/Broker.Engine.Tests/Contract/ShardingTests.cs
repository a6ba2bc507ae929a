namespace Broker.Engine.Tests.Contract;

public sealed class ShardingTests : ContractTest
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    private readonly IActorRef _region;
    private readonly TestProbe _life;

    public ShardingTests()
        : base(OneNode.Config)
    {
        OneNode.Join(Sys);
        _life = CreateTestProbe();
        var life = _life;
        var sharding = ClusterSharding.Get(Sys);
        var settings = ClusterShardingSettings.Create(Sys);
        _region = sharding.Start(
            "thing",
            id => Props.Create(() => new Entity(id, life)),
            settings,
            HashCodeMessageExtractor.Create(
                8, message => (message as ShardingEnvelope)?.EntityId!, message => ((ShardingEnvelope)message).Message),
            sharding.DefaultShardAllocationStrategy(settings),
            new HandedOff());
    }

    [Fact]
    public void An_entity_is_made_by_its_first_message_and_gets_it()
    {
        Send("a", "hello");

        _life.ExpectMsg("a starts", Long);
        ExpectMsg("a: hello 1", Long);
    }

    [Fact]
    public void Messages_for_one_entity_reach_one_actor_in_order()
    {
        Send("a", "hello");
        Send("b", "hello");
        ReceiveN(2, Long);

        for (var i = 2; i < 100; i++)
        {
            Send("a", $"{i}");
            Send("b", $"{i}");
        }

        var answers = ReceiveN(196, Long).Cast<string>().ToLookup(answer => answer[0]);
        Assert.Equal(Enumerable.Range(2, 98).Select(i => $"a: {i} {i}"), answers['a']);
        Assert.Equal(Enumerable.Range(2, 98).Select(i => $"b: {i} {i}"), answers['b']);
    }

    [Fact]
    public void A_passivated_entity_stops_and_the_next_message_makes_a_new_one()
    {
        Send("a", "one");
        ExpectMsg("a: one 1", Long);

        Send("a", "passivate");
        _life.FishForMessage<string>(message => message == "a stops", Long);
        Send("a", "two");

        ExpectMsg("a: two 1", Long);
    }

    [Fact]
    public void What_comes_while_an_entity_passivates_is_kept_in_order_for_its_next_incarnation()
    {
        Send("a", "one");
        ExpectMsg("a: one 1", Long);
        Send("a", "passivate and hold");
        _life.FishForMessage<string>(message => message == "a holds", Long);

        for (var i = 0; i < 10; i++)
        {
            Send("a", $"{i}");
        }

        Send("other", "is not held up");
        ExpectMsg("other: is not held up 1", Long);
        Entity.Continue.Release();

        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"a: {i} {i + 1}"), ReceiveN(10, Long).Cast<string>());
    }

    [Fact]
    public void What_does_not_fit_into_the_buffer_is_dropped()
    {
        Send("a", "passivate and hold");
        _life.FishForMessage<string>(message => message == "a holds", Long);

        for (var i = 0; i < 12; i++)
        {
            Send("a", $"{i}");
        }

        // The region has seen all of them when it answers for another entity.
        Send("other", "hello");
        ExpectMsg("other: hello 1", Long);
        Entity.Continue.Release();
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"a: {i} {i + 1}"), ReceiveN(10, Long).Cast<string>());
        Send("a", "next");
        ExpectMsg("a: next 11", Long);
    }

    [Fact]
    public void An_entity_that_fails_is_restarted_and_keeps_its_mailbox()
    {
        Send("a", "one");
        ExpectMsg("a: one 1", Long);

        Send("a", new Boom());
        Send("a", "two");

        ExpectMsg("a: two 1", Long);
    }

    [Fact]
    public async Task The_region_tells_which_entities_live()
    {
        Send("a", "hello");
        Send("b", "hello");
        ReceiveN(2, Long);

        var state = await _region.Ask<CurrentShardRegionState>(GetShardRegionState.Instance, Long);
        var stats = await _region.Ask<ClusterShardingStats>(new GetClusterShardingStats(Patience), Long);

        Assert.Equal(["a", "b"], state.Shards.SelectMany(shard => shard.EntityIds).Order());
        Assert.Equal(2, stats.Regions.Values.Single().Stats.Values.Sum());
    }

    [Fact]
    public async Task A_shutdown_stops_every_entity_with_the_hand_off_message()
    {
        Send("a", "hello");
        Send("b", "hello");
        ReceiveN(2, Long);

        await CoordinatedShutdown.Get(Sys).Run(new Because()).WaitAsync(TimeSpan.FromSeconds(60));

        var life = _life.ReceiveN(6, Long).Cast<string>().ToList();
        Assert.Equal(["a starts", "a was handed off", "a stops"], life.Where(happened => happened[0] == 'a'));
        Assert.Equal(["b starts", "b was handed off", "b stops"], life.Where(happened => happened[0] == 'b'));
    }

    [Fact]
    public void A_type_is_started_once_and_found_by_name()
    {
        var again = ClusterSharding.Get(Sys).Start(
            "thing",
            _ => throw new Boom(),
            ClusterShardingSettings.Create(Sys),
            HashCodeMessageExtractor.Create(8, message => null!));

        Assert.Equal(_region, again);
        Assert.Equal(_region, ClusterSharding.Get(Sys).ShardRegion("thing"));
    }

    [Fact]
    public void Shards_of_ids_are_spread_evenly()
    {
        var extractor = HashCodeMessageExtractor.Create(16, message => null!);

        var shards = Enumerable.Range(0, 16_000).CountBy(i => extractor.ShardId($"prefix:broadcast:{i}"));
        var sizes = shards.Select(shard => shard.Value).ToList();

        Assert.Equal(16, sizes.Count);
        Assert.InRange((double)sizes.Max() / sizes.Min(), 1, 1.5);
    }

    private void Send(string entity, object message) => _region.Tell(new ShardingEnvelope(entity, message), TestActor);

    private sealed class Because : CoordinatedShutdown.Reason;

    private sealed class HandedOff;

    private sealed class Entity : ReceiveActor
    {
        public static readonly SemaphoreSlim Continue = new(0);

        private readonly string _id;
        private readonly IActorRef _life;
        private int _count;

        public Entity(string id, IActorRef life)
        {
            (_id, _life) = (id, life);
            Receive<Exception>(failure => throw failure);
            Receive<HandedOff>(_ =>
            {
                life.Tell($"{id} was handed off");
                Context.Stop(Self);
            });
            Receive<string>(message => message.StartsWith("passivate", StringComparison.Ordinal), message =>
                Context.Parent.Tell(new Passivate(message == "passivate" ? PoisonPill.Instance : "hold")));
            Receive<string>(message => message == "hold", _ =>
            {
                life.Tell($"{id} holds");
                Assert.True(Continue.Wait(Long));
                Context.Stop(Self);
            });
            Receive<string>(message => Sender.Tell($"{id}: {message} {++_count}"));
        }

        protected override void PreStart() => _life.Tell($"{_id} starts");

        protected override void PostStop() => _life.Tell($"{_id} stops");
    }
}
