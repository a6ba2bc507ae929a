using System.Globalization;

namespace Broker.Engine;

/// <summary>What a region has to do after a look at the cluster.</summary>
/// <param name="Stop">Shards whose entities are to stop: the shard goes, or has gone, to another node.</param>
/// <param name="Moves">What the coordinator is to be told: shards that are given away.</param>
/// <param name="Claims">Shards to ask the coordinator for.</param>
internal sealed record ShardDecisions(IReadOnlyList<int> Stop, IReadOnlyList<ShardMove> Moves, IReadOnlyList<string> Claims)
{
    public static readonly ShardDecisions None = new([], [], []);
}

/// <summary>Where a message for a shard goes.</summary>
internal enum ShardRoute
{
    Here,

    /// <summary>To the node in <see cref="ShardTable.OwnerOf"/>.</summary>
    Elsewhere,

    /// <summary>It is kept until that is known.</summary>
    Wait,
}

/// <summary>
/// One type's shards as one node sees them, and its decisions about them. No actors, no clock, no I/O.
/// </summary>
/// <remarks>
/// A shard is
/// <list type="bullet">
/// <item><b>held</b>: the coordinator's table said that it is ours. It stays held while our lease is lost (suspended): its entities live on, no
/// new ones are made, and if the table has not given it to another who lives when we are back, nothing has happened. A table that has lost it, or
/// is of an earlier time, is asked for it again;</item>
/// <item><b>leaving</b>: another node should have it, or we shut down; its entities are stopping, and what comes for it waits;</item>
/// <item><b>stopped</b>: they have, and the coordinator is asked to give it to the other node; asked again until it has;</item>
/// <item><b>lost</b>: the table says that it is another's; our entities are stopping, what comes goes to the other;</item>
/// <item><b>none of ours</b>: claimed if nobody living has it, it should be ours, and we are settled (<see cref="Lease.IsSettled"/>).</item>
/// </list>
/// So as long as no lease is lost, an entity starts only after the former one on another node has stopped. When one is lost there may be two
/// for a while; what they write is told apart by owner tokens, not here.
/// </remarks>
internal sealed class ShardTable
{
    private readonly string _self;
    private readonly string _typeKey;
    private readonly int _maxMoves;
    private readonly Slot[] _slots;
    private string _allocatedFor = "";
    private bool _isOffered;
    private bool _wasSettled;
    private string?[] _wanted;

    public ShardTable(string type, int shards, string self, int maxMoves)
    {
        (_self, _maxMoves) = (self, maxMoves);
        Prefix = $"{Uri.EscapeDataString(type)}:";
        _typeKey = KeyOf(type, shards);
        _wanted = new string?[shards];
        _slots = [.. Enumerable.Range(0, shards).Select(shard => new Slot(Prefix + shard.ToString(CultureInfo.InvariantCulture)))];
    }

    private enum Hold : byte
    {
        NotOurs,
        Held,
        Leaving,
        Stopped,
        Lost,
    }

    /// <summary>How the names of its shards begin in the coordinator's table.</summary>
    public string Prefix { get; }

    public int Count => _slots.Length;

    /// <summary>Our lease is lost.</summary>
    public bool IsSuspended { get; private set; } = true;

    /// <summary>We want no shards any more.</summary>
    public bool IsRetiring { get; set; }

    /// <summary>What is not ours will not become ours any more: we retire, and the coordinator knows.</summary>
    public bool IsClosed => IsRetiring && !_isOffered;

    /// <summary>Nothing is held, nor on its way; and if we retire, nothing can come any more, because the coordinator knows.</summary>
    public bool IsEmpty => (IsClosed || !IsRetiring) && Array.TrueForAll(_slots, slot => slot.Hold == Hold.NotOurs);

    /// <summary>Entities are still stopping in shards that the table says are another's.</summary>
    public bool HasLost => Array.Exists(_slots, slot => slot.Hold == Hold.Lost);

    public int Held => _slots.Count(slot => slot.Hold == Hold.Held);

    public static string KeyOf(string type, int shards) => string.Create(CultureInfo.InvariantCulture, $"{type}/{shards}");

    public ShardRoute RouteOf(int shard) => _slots[shard] switch
    {
        { Hold: Hold.Held } => ShardRoute.Here,
        { Hold: Hold.Leaving or Hold.Stopped } => ShardRoute.Wait,
        { Owner: null } => ShardRoute.Wait,
        var slot => slot.Owner == _self ? ShardRoute.Wait : ShardRoute.Elsewhere,
    };

    /// <summary>Whose the shard is, as far as known.</summary>
    public string? OwnerOf(int shard) => _slots[shard].Owner;

    /// <summary>Looks at the cluster. What came of an earlier look and is not done yet is decided again.</summary>
    public ShardDecisions Look(ClusterView view)
    {
        var isBack = !view.IsSettled && (IsSuspended || _wasSettled);
        _wasSettled = view.IsSettled;
        IsSuspended = view.IsSuspended;
        if (IsSuspended)
        {
            return ShardDecisions.None;
        }

        _isOffered = view.Members.Any(member => member.Identity.Id == _self && member.Types.Contains(_typeKey));
        var living = view.Members.Select(member => member.Identity.Id).Concat(view.Unreadable).ToHashSet();
        Allocate(view);
        var decided = new Decided();
        var moving = _slots.Count(slot => slot.Hold is Hold.Leaving or Hold.Stopped);
        for (var shard = 0; shard < _slots.Length; shard++)
        {
            var slot = _slots[shard];
            var owner = view.Table.GetValueOrDefault(slot.Name);
            var ownerLives = owner is not null && living.Contains(owner);

            // A table that Redis has lost, or has in an earlier state, is filled again by those who had the shards: until then they still have them.
            var mayStillBe = !view.IsSettled && !ownerLives && slot.Owner is not null && living.Contains(slot.Owner);
            slot.IsDoubtful = owner == _self && !view.IsSettled && (slot.IsDoubtful || isBack);
            slot.Owner = ownerLives ? owner : mayStillBe ? slot.Owner : null;
            Decide(shard, owner, ownerLives, view.IsSettled, decided, ref moving);
        }

        return decided.ToDecisions();
    }

    /// <summary>All entities of a shard that was to stop have stopped.</summary>
    public ShardDecisions Stopped(int shard)
    {
        var slot = _slots[shard];
        switch (slot.Hold)
        {
            case Hold.Lost:
                slot.Hold = slot.Owner == _self ? Hold.Held : Hold.NotOurs;
                return ShardDecisions.None;

            case Hold.Leaving:
                slot.Hold = Hold.Stopped;
                var decided = new Decided();
                if (!IsSuspended)
                {
                    GiveAway(shard, decided);
                }

                return decided.ToDecisions();

            default:
                return ShardDecisions.None;
        }
    }

    private void Decide(int shard, string? owner, bool ownerLives, bool isSettled, Decided decided, ref int moving)
    {
        var slot = _slots[shard];
        switch (slot.Hold)
        {
            case Hold.NotOurs when owner == _self && !slot.IsDoubtful:
                slot.Hold = Hold.Held;
                break;

            case Hold.NotOurs when !ownerLives && isSettled && _wanted[shard] == _self && !IsRetiring:
                decided.Claims.Add(slot.Name);
                break;

            case Hold.Held when !ownerLives:
                decided.Claims.Add(slot.Name);
                break;

            case Hold.Held or Hold.Leaving when owner is not null && owner != _self:
                decided.StopUnlessStopping(shard, slot.Hold);
                slot.Hold = Hold.Lost;
                break;

            case Hold.Held when ShouldGo(shard, isSettled) && (moving < _maxMoves || IsRetiring):
                moving++;
                slot.Hold = Hold.Leaving;
                decided.Stop.Add(shard);
                break;

            case Hold.Stopped when owner == _self:
                GiveAway(shard, decided);
                break;

            case Hold.Stopped:
                slot.Hold = Hold.NotOurs;
                break;
        }
    }

    private bool ShouldGo(int shard, bool isSettled) => IsRetiring || (isSettled && _wanted[shard] is { } wanted && wanted != _self);

    /// <summary>The entities have stopped and the table says that it is ours: on to whom it should belong now, which may be us again.</summary>
    private void GiveAway(int shard, Decided decided)
    {
        var slot = _slots[shard];
        if (!IsRetiring && (_wanted[shard] is not { } wanted || wanted == _self))
        {
            slot.Hold = Hold.Held;
            return;
        }

        decided.Moves.Add(new ShardMove(slot.Name, _wanted[shard] is { } other && other != _self ? other : ""));
    }

    private void Allocate(ClusterView view)
    {
        var takers = view.Members
            .Where(member => member.Status == MemberStatus.Up && member.Types.Contains(_typeKey) && !(IsRetiring && member.Identity.Id == _self))
            .Select(member => member.Identity.Id)
            .Order(StringComparer.Ordinal)
            .ToList();
        var key = string.Join(' ', takers);
        if (key != _allocatedFor)
        {
            _allocatedFor = key;
            _wanted = Allocation.Of(_slots.Length, takers);
        }
    }

    private sealed class Slot(string name)
    {
        public string Name => name;

        public Hold Hold;

        public string? Owner;

        /// <summary>
        /// The table said that it is ours when we came (back) to it, and it may be of an earlier time: who has had the shard since gets one lease to see that, too.
        /// </summary>
        public bool IsDoubtful;
    }

    private sealed class Decided
    {
        public List<int> Stop { get; } = [];

        public List<ShardMove> Moves { get; } = [];

        public List<string> Claims { get; } = [];

        public void StopUnlessStopping(int shard, Hold before)
        {
            if (before == Hold.Held)
            {
                Stop.Add(shard);
            }
        }

        public ShardDecisions ToDecisions() => new(Stop, Moves, Claims);
    }
}
