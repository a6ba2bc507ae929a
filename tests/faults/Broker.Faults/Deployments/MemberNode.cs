using System.Globalization;
using Broker.Actors.Channels;
using Broker.Actors.Nodes;
using Broker.Actors.Presence;
using Broker.Actors.Relays;
using Broker.Actors.Rich.Protocol;
using Broker.Actors.Settings;

namespace Broker.Faults.Deployments;

/// <summary>A node of a cluster with members on its channels, in this process or, for <c>kill -9</c>, in one of its own.</summary>
internal sealed class MemberNode : IAsyncDisposable
{
    /// <summary>What a process of its own says when its members are there.</summary>
    public const string Ready = "Members are there";

    private readonly IActorRef _owner;
    private int _joined;

    private MemberNode(BrokerNode node, IReadOnlyList<string> facilities, string name, int perChannel, bool watches)
    {
        Node = node;
        Told = facilities.ToDictionary(facility => facility, _ => new Told());
        _owner = node.Services.System.ActorOf(Props.Create(() => new Host(this)));
        var relays = node.Services.System.ActorSelection("/user/broker-relays");
        foreach (var facility in facilities)
        {
            for (var i = 0; i < perChannel; i++)
            {
                var member = new ClientInfo($"user-{i}", string.Create(CultureInfo.InvariantCulture, $"{name}-{i}"), default, default);
                relays.Tell(new Join(ChannelName.Broadcast(facility), new Guest(_owner, member, watches && i == 0 ? Told[facility] : null)));
            }
        }
    }

    public BrokerNode Node { get; }

    /// <summary>What the watcher of each channel was told.</summary>
    public IReadOnlyDictionary<string, Told> Told { get; }

    public static async Task<MemberNode> StartAsync(string redis, int lease, IReadOnlyList<string> facilities, string name, int perChannel, bool watches)
    {
        var node = await BrokerNode.StartAsync(Configuration.Parse(string.Create(
            CultureInfo.InvariantCulture,
            $"broker {{ shutdown.drain = 0s, redis.connection = \"{redis}\", cluster {{ enabled = on, lease = {lease}s, secret = \"{Deployment.Secret}\" }} }}")));
        var members = new MemberNode(node, facilities, name, perChannel, watches);
        while (Volatile.Read(ref members._joined) < facilities.Count * perChannel) await Task.Delay(10);
        return members;
    }

    /// <summary>The other process: <c>members REDIS LEASE CHANNELS PER-CHANNEL</c>. Until it is ended.</summary>
    public static async Task RunAsync(string[] arguments)
    {
        var numbers = arguments[1..].Select(argument => int.Parse(argument, CultureInfo.InvariantCulture)).ToArray();
        await using var members = await StartAsync(arguments[0], numbers[0], Rooms(numbers[1]), "gone", numbers[2], watches: false);
        Console.WriteLine(Ready);
        await members.Node.WhenEnded;
    }

    public static IReadOnlyList<string> Rooms(int count) => [.. Enumerable.Range(0, count).Select(number => $"room-{number:00}")];

    public ValueTask DisposeAsync() => Node.DisposeAsync();

    private sealed class Host : ReceiveActor
    {
        public Host(MemberNode members)
        {
            Receive<Joined>(_ => Interlocked.Increment(ref members._joined));
            Receive<JoinsAt>(_ => { });
        }
    }

    private sealed class Guest(IActorRef owner, ClientInfo member, Told? told) : Subscriber(owner, "", JoinMode.Live)
    {
        public override ClientInfo Member => member;

        public override bool WantsJoinLeave => told is not null;

        public override void Replay(ReadOnlyMemory<byte> payload, string? publishId)
        {
        }

        public override int Deliver(Dispatch dispatch) => 0;

        public override void MembersChanged(MembersChange change) => told!.Add(change);
    }
}

/// <summary>Who came and went, in order.</summary>
internal sealed class Told
{
    private readonly List<string> _changes = [];

    public void Add(MembersChange change)
    {
        lock (_changes) _changes.AddRange(change.Changes.Select(change => (change.Joins ? "+" : "-") + change.Member.Client));
    }

    public IReadOnlyList<string> Of(string what)
    {
        lock (_changes) return [.. _changes.Where(change => change.StartsWith(what, StringComparison.Ordinal))];
    }
}
