namespace Broker.Engine.Tests.Builtin.Membership;

public sealed class RosterTests
{
    private readonly Roster _roster = new();

    [Fact]
    public void A_node_is_a_member_when_it_is_up()
    {
        Assert.Empty(_roster.Look([Node(1, MemberStatus.Joining)], mayBury: true));

        Assert.Equal(["MemberUp 1"], Look(true, Node(1, MemberStatus.Up)));
        Assert.Empty(Look(true, Node(1, MemberStatus.Up)));
    }

    [Fact]
    public void One_that_is_missed_is_down_and_removed()
    {
        Look(true, Node(1, MemberStatus.Up), Node(2, MemberStatus.Up));

        Assert.Equal(["MemberDowned 1", "MemberRemoved 1 Down"], Look(true, Node(2, MemberStatus.Up)));
    }

    [Fact]
    public void One_that_has_left_is_removed_without_being_down()
    {
        Look(true, Node(1, MemberStatus.Up));
        Assert.Equal(["MemberLeft 1"], Look(true, Node(1, MemberStatus.Leaving)));

        Assert.Equal(["MemberRemoved 1 Exiting"], Look(true));
    }

    [Fact]
    public void Its_farewell_counts_even_if_nobody_saw_it_leaving()
    {
        Look(true, Node(1, MemberStatus.Up));

        _roster.OnFarewell(Node(1, default).Identity.Id);

        Assert.Equal(["MemberRemoved 1 Exiting"], Look(true));
    }

    // Redis is back, and this node the first to come back to it: the others have not died.
    [Fact]
    public void Nobody_is_buried_while_the_others_may_still_come_back()
    {
        Look(true, Node(1, MemberStatus.Up), Node(2, MemberStatus.Up));

        Assert.Empty(Look(false, Node(2, MemberStatus.Up)));
        Assert.Equal(2, _roster.Members.Count);
        Assert.Empty(Look(true, Node(1, MemberStatus.Up), Node(2, MemberStatus.Up)));
    }

    [Fact]
    public void A_record_comes_out_as_it_went_in_and_one_of_another_version_is_passed_over()
    {
        var record = new NodeRecord(new NodeIdentity(new Address("akka.tcp", "s", "h", 1), long.MaxValue), MemberStatus.Leaving, ["a,b|c/512", "d/8"]);

        var read = NodeRecord.Parse(record.ToText())!;

        Assert.Equal((record.Identity, record.Status), (read.Identity, read.Status));
        Assert.Equal(record.Types, read.Types);
        Assert.Null(NodeRecord.Parse("2" + record.ToText()[1..]));
        Assert.Null(NodeRecord.Parse("nonsense"));
    }

    private static NodeRecord Node(int uid, MemberStatus status) => new(new NodeIdentity(new Address("akka.tcp", "s", "h", uid), uid), status, []);

    private IEnumerable<string> Look(bool mayBury, params NodeRecord[] living) => _roster.Look(living, mayBury).Select(happened =>
        $"{happened.GetType().Name} {happened.Member.UniqueAddress.Uid}{(happened is ClusterEvent.MemberRemoved removed ? $" {removed.PreviousStatus}" : "")}");
}
