namespace Broker.Engine;

/// <summary>
/// What the nodes of a cluster have in common, and all that they must agree on: who lives, and whose each shard is. Redis is it (leases with a
/// time to live, two hashes, one Lua script); <see cref="InMemoryCoordinator"/> is it for several systems of one process.
/// A task that fails has an unknown outcome, and may even take effect later.
/// </summary>
internal interface ICoordinator
{
    /// <summary>
    /// One atomic step: renews the node's lease (or takes it), makes its moves, then its claims, and answers with what is so now.
    /// </summary>
    Task<Exchanged> ExchangeAsync(Exchange order);

    /// <summary>Gives the lease back. Shards that the node still has are free for any other to claim.</summary>
    Task LeaveAsync(string node);

    /// <summary>Ends a node's lease and has its renewals answered with <see cref="ExchangeOutcome.Banished"/> for a while.</summary>
    Task BanishAsync(string node, TimeSpan memory);
}

/// <param name="Node">The id of the node, new at every start.</param>
/// <param name="Terms">What all members must have in common (wire version, prefix, database…): a node that has others is refused while they live.</param>
/// <param name="Record">What the others are to know about the node.</param>
/// <param name="Takes">The types whose shards it takes over (see <see cref="TypesTaken"/>). Once the coordinator knows that it takes none, none can come to it any more.</param>
/// <param name="Lease">How long it lives without renewing.</param>
/// <param name="KnownTable">The version of the shard table that the node has; the table is not sent again if it still is that.</param>
/// <param name="Mark">Unique: the table's version if this exchange changes it. Versions are not counted, because a counter that Redis lost a step of would repeat itself.</param>
/// <param name="Moves">Shards of the node's that it gives away.</param>
/// <param name="Claims">Shards that it wants: it gets those that nobody living has.</param>
internal sealed record Exchange(
    string Node,
    string Terms,
    string Record,
    string Takes,
    TimeSpan Lease,
    string KnownTable,
    string Mark,
    IReadOnlyList<ShardMove> Moves,
    IReadOnlyList<string> Claims)
{
    /// <summary><c>|type|type|</c>, each escaped, so that a script can look for one.</summary>
    public static string TypesTaken(IEnumerable<string> types) => $"|{string.Concat(types.Select(type => $"{Uri.EscapeDataString(type)}|"))}";
}

/// <summary>A shard (<c>type:number</c>, the type escaped) goes to another node: if it is the giver's. To nobody (empty) if that does not live or does not take it.</summary>
internal sealed record ShardMove(string Shard, string To);

/// <summary>How an exchange went.</summary>
internal enum ExchangeOutcome
{
    Done,

    /// <summary>A living member has other terms; <see cref="Exchanged.Terms"/> are its. Nothing was done.</summary>
    Refused,

    /// <summary>The node was sent away. Nothing was done.</summary>
    Banished,
}

/// <param name="HadLease">The node's lease was there before this renewal. If not, it ran out or Redis lost it.</param>
/// <param name="Living">The nodes that have a lease, this one among them.</param>
/// <param name="TableVersion">Of the shard table, empty if there is none.</param>
/// <param name="Table">Shard → node; null if it is the version that the node knows.</param>
internal sealed record Exchanged(
    ExchangeOutcome Outcome,
    string Terms,
    bool HadLease,
    IReadOnlyList<LivingNode> Living,
    string TableVersion,
    IReadOnlyDictionary<string, string>? Table)
{
    public static Exchanged NotDone(ExchangeOutcome outcome, string terms = "") => new(outcome, terms, false, [], "", null);
}

internal sealed record LivingNode(string Id, string Record, TimeSpan LeaseLeft);
