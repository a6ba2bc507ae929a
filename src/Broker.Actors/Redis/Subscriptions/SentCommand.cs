namespace Broker.Actors.Redis.Subscriptions;

/// <summary>A command on its way. Redis answers a SUBSCRIBE or UNSUBSCRIBE once for each name, in order, or refuses all of it with one error.</summary>
/// <param name="names">None for a PING.</param>
internal sealed class SentCommand(params Name[] names)
{
    private int _answered;

    public IReadOnlyList<Name> Names => names;

    public bool IsPing => names.Length == 0;

    public bool IsForFencesAlone => names is [{ IsForFences: true }];

    public bool IsAnswered => _answered == names.Length;

    /// <summary>The name whose answer is due.</summary>
    public Name Next => names[_answered];

    /// <summary>What a PING's PONG opens.</summary>
    public List<(Subscription Subscription, long Ticket)> Fences { get; } = [];

    public Name TakeNext() => names[_answered++];
}
