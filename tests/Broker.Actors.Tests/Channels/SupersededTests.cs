using Broker.Actors.Channels;
using Broker.Actors.Redis;
using Broker.Actors.Redis.InMemory;
using Broker.Actors.Settings;
using Broker.Testing.Logging;

namespace Broker.Actors.Tests.Channels;

/// <summary>An owner that another node has superseded, and that is not stopped at once.</summary>
public sealed class SupersededTests : TestKit
{
    private static readonly ChannelName News = ChannelName.Broadcast("news");

    [Fact]
    public async Task It_says_so_once_and_refuses_whatever_comes()
    {
        // It logged the same line and asked to be stopped with every message until it was.
        var logs = new Logs();
        var store = new InMemoryStore();
        var settings = BrokerSettings.Read(Configuration.Default());
        await using var bus = new InMemoryBus(store);
        await using var other = new InMemoryBus(store);
        var services = new BrokerServices(Sys, bus, settings, new BrokerMetrics(() => true), logs, TimeProvider.System, null);
        var region = Sys.ActorOf(Props.Create(() => new Region(services)));
        region.Tell(new Attach(News, "relay", 1, new StreamPosition("", 0)), TestActor);
        while (!ExpectMsg<Attached>().Ready)
        {
        }

        await other.TakeOverAsync(new RedisKeys("broadcast:news"), new TakeOver("e", null, 10));
        for (var number = 1; number <= 5; number++)
        {
            region.Tell(new PublishBatch(News, "relay", number, [new OutgoingPublication([1], $"{number}", null, 0)]), TestActor);
            FishForMessage<BatchRefused>(refused => refused.Number == number);
        }

        region.Tell("how often?", TestActor);
        ExpectMsg(1);
        Assert.Single(logs.Lines, line => line.Contains("Another node owns broadcast:news", StringComparison.Ordinal));
    }

    private sealed class Region : ReceiveActor
    {
        private int _passivated;

        public Region(BrokerServices services)
        {
            var channel = Context.ActorOf(Props.Create(() => new HistoryChannelActor(new HistoryLimits(10, TimeSpan.FromMinutes(1)), services)));

            Receive<Passivate>(_ => _passivated++);
            Receive<string>(_ => Sender.Tell(_passivated));
            ReceiveAny(channel.Forward);
        }
    }
}
