using Broker.Actors.Presence;

namespace Broker.Actors.Relays;

/// <remarks>Who is there of this node, and who wants to hear of others. Costs nothing where there is nobody of either kind.</remarks>
internal sealed partial class RelayActor
{
    private readonly HashSet<Subscriber> _watchers = [];
    private MemberReports? _members;
    private TimeSpan _reportedAt;

    private void ReceiveMembers()
    {
        Receive<PresenceTaken>(OnPresenceTaken);
        ReceiveInOrder<MembersChange>(OnMembersChange);
    }

    private void AddMember(Subscriber subscriber)
    {
        if (subscriber.Member is null && !subscriber.WantsJoinLeave) return;

        _members ??= new MemberReports();
        if (subscriber.WantsJoinLeave) _watchers.Add(subscriber);
        if (subscriber.Member is { } member) _members.Join(member);
        ReportNext();
    }

    private void RemoveMember(Subscriber subscriber)
    {
        if (_members is null) return;

        if (subscriber.WantsJoinLeave) _watchers.Remove(subscriber);
        if (subscriber.Member is { } member) _members.Leave(member);
        ReportNext();
    }

    private void OnPresenceTaken(PresenceTaken taken)
    {
        HeardFromOwner();
        if (!_link.IsOwner(Sender) || _members is null) return;

        _members.Taken(taken.Number);
        ReportNext();
        RestWhenIdle();
    }

    private void OnMembersChange(MembersChange change)
    {
        if (!_link.IsOwner(Sender)) return;

        Heard();
        foreach (var watcher in _watchers) watcher.MembersChanged(change);
    }

    private void ReportNext()
    {
        if (_members is null || _link.Owner is null) return;

        _members.Wants = _watchers.Count > 0;
        Report(_members.Next());
    }

    /// <summary>A report that is not answered for long is lost, or its answer.</summary>
    private void ReportAgain()
    {
        if (_members is not null && _link.Owner is not null && Now - _reportedAt > OwnerLink.AnswersWithin) Report(_members.Again());
    }

    private void Report(MemberBatch? batch)
    {
        if (batch is null) return;

        _reportedAt = Now;
        _link.Owner!.Tell(new ReportPresence(_channel, _id, _services.Nodes.Self, batch.Number, batch.Begins, batch.IsWhole, batch.Returns, batch.Wants, batch.Changes));
    }
}
