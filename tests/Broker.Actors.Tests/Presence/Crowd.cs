using Broker.Actors.Channels;
using Broker.Actors.Nodes;
using Broker.Actors.Presence;
using Broker.Actors.Relays;
using Broker.Actors.Rich.Protocol;
using Broker.Actors.Tests.Nodes;

namespace Broker.Actors.Tests.Presence;

/// <summary>Clients of one node on one channel, all of them in presence; the first of them may want to hear of others.</summary>
internal sealed class Crowd
{
    private readonly BrokerNode _node;
    private readonly ChannelName _channel;
    private readonly ActorSelection _relays;
    private readonly IActorRef _owner;
    private readonly Dictionary<string, Guest> _guests = [];
    private int _joined;

    private Crowd(BrokerNode node, ChannelName channel)
    {
        (_node, _channel) = (node, channel);
        _relays = node.Services.System.ActorSelection("/user/broker-relays");
        _owner = node.Services.System.ActorOf(Props.Create(() => new Host(this)));
    }

    /// <summary>What its watcher was told: <c>+client</c> and <c>-client</c>.</summary>
    public Told Told { get; } = new();

    public int Joined => Volatile.Read(ref _joined);

    /// <summary>Who should be there.</summary>
    public IReadOnlyCollection<string> Clients => _guests.Keys;

    public static async Task<Crowd> AtAsync(BrokerNode node, ChannelName channel, string name, int count, bool watches = false)
    {
        var crowd = new Crowd(node, channel);
        for (var i = 0; i < count; i++) crowd.Join($"{name}{i}", watches && i == 0);
        await crowd.UntilJoinedAsync();
        return crowd;
    }

    public void Join(string client, bool watches = false)
    {
        var guest = new Guest(_owner, new ClientInfo($"user-{client}", client, default, default), watches ? Told : null);
        _guests[client] = guest;
        Join(guest);
    }

    public void Leave(string client)
    {
        if (_guests.Remove(client, out var guest)) _relays.Tell(new Leave(_channel, guest));
    }

    public void LeaveAll()
    {
        foreach (var client in _guests.Keys.ToArray()) Leave(client);
    }

    public Task UntilJoinedAsync() => UntilJoinedAsync(_guests.Count);

    public Task UntilJoinedAsync(int count) => TestNode.UntilAsync(() => Joined >= count, "everybody has joined");

    /// <summary>The node's end of the channel fails: a bug in a subscriber, say.</summary>
    public void FailRelay() => _relays.Tell(new Leave(_channel, null!));

    private void Join(Guest guest) => _relays.Tell(new Join(_channel, guest));

    private sealed class Host : ReceiveActor
    {
        public Host(Crowd crowd)
        {
            Receive<JoinsAt>(joins =>
            {
                ((Guest)joins.Subscriber).Relay = joins.Relay;
                Context.Watch(joins.Relay);
            });
            Receive<Joined>(_ => Interlocked.Increment(ref crowd._joined));
            Receive<Terminated>(gone =>
            {
                foreach (var guest in crowd._guests.Values.Where(guest => gone.ActorRef.Equals(guest.Relay))) crowd.Join(guest);
            });
        }
    }

    private sealed class Guest(IActorRef owner, ClientInfo member, Told? told) : Subscriber(owner, "", JoinMode.Live)
    {
        public override ClientInfo Member => member;

        public override bool WantsJoinLeave => told is not null;

        public IActorRef? Relay { get; set; }

        public override void Replay(ReadOnlyMemory<byte> payload, string? publishId)
        {
        }

        public override int Deliver(Dispatch dispatch) => 0;

        public override void MembersChanged(MembersChange change) => told!.Add(change);
    }
}

/// <summary>What one who wants to hear of others was told, in order.</summary>
internal sealed class Told
{
    private readonly List<MemberChange> _changes = [];

    public int Count
    {
        get { lock (_changes) return _changes.Count; }
    }

    public void Add(MembersChange change)
    {
        lock (_changes) _changes.AddRange(change.Changes);
    }

    public void Clear()
    {
        lock (_changes) _changes.Clear();
    }

    /// <summary>Of those whose clients' names begin so.</summary>
    public IReadOnlyList<string> Of(string name)
    {
        lock (_changes) return [.. _changes.Where(change => change.Member.Client.StartsWith(name, StringComparison.Ordinal)).Select(change => (change.Joins ? "+" : "-") + change.Member.Client)];
    }
}
