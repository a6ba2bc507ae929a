namespace Broker.Engine.Tests.Builtin.Membership;

public sealed class LeaseTests
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(6);

    [Fact]
    public void It_is_held_for_its_duration_from_when_the_renewal_was_sent()
    {
        var lease = new Lease(Duration);

        lease.Renewed(At(10), At(12), hadLease: false);

        Assert.True(lease.IsHeld(At(15.9)));
        Assert.False(lease.IsHeld(At(16)));
    }

    [Fact]
    public void A_renewal_that_came_too_late_gives_nothing()
    {
        var lease = new Lease(Duration);

        lease.Renewed(At(10), At(17), hadLease: true);

        Assert.False(lease.IsHeld(At(17)));
    }

    [Fact]
    public void One_that_is_given_back_is_held_no_more()
    {
        var lease = Settled();

        lease.End(At(8));

        Assert.False(lease.IsHeld(At(8)));
        Assert.False(lease.IsSettled(At(8)));
    }

    // It counted as soon as it was renewed, while entities were still there whose shards another node had been given.
    [Fact]
    public void One_that_was_lost_and_came_back_counts_only_when_that_is_said()
    {
        var lease = Settled();

        lease.Renewed(At(20), At(20), hadLease: false);
        lease.Renewed(At(22), At(22), hadLease: true);
        Assert.True(lease.IsHeld(At(22)));
        Assert.False(lease.Counts(At(22)));

        lease.LetCount();
        lease.Renewed(At(24), At(24), hadLease: true);
        Assert.True(lease.Counts(At(29.9)));
        Assert.False(lease.Counts(At(30)));
    }

    [Fact]
    public void One_that_redis_has_lost_does_not_count_either_and_the_first_counts_at_once()
    {
        var lease = Settled();
        Assert.True(lease.Counts(At(8)));

        lease.Renewed(At(8), At(8), hadLease: false);

        Assert.False(lease.Counts(At(8)));
    }

    [Fact]
    public void One_lease_long_a_new_node_claims_nothing()
    {
        var lease = new Lease(Duration);
        lease.Renewed(At(0), At(0), hadLease: false);
        lease.Renewed(At(4), At(4), hadLease: true);

        Assert.False(lease.IsSettled(At(5.9)));
        Assert.True(lease.IsSettled(At(6)));
    }

    [Fact]
    public void So_does_one_that_has_lost_its_lease()
    {
        var lease = Settled();

        lease.Renewed(At(20), At(20), hadLease: true);

        Assert.False(lease.IsSettled(At(25.9)));
        lease.Renewed(At(24), At(24), hadLease: true);
        Assert.True(lease.IsSettled(At(26)));
    }

    [Fact]
    public void So_does_one_whose_lease_redis_has_lost()
    {
        var lease = Settled();

        lease.Renewed(At(8), At(8), hadLease: false);

        Assert.True(lease.IsHeld(At(8)));
        Assert.False(lease.IsSettled(At(13.9)));
    }

    [Fact]
    public void The_founder_of_a_cluster_has_nobody_to_wait_for_but_only_then()
    {
        var lease = new Lease(Duration) { IsFounder = true };

        lease.Renewed(At(0), At(0), hadLease: false);
        Assert.True(lease.IsSettled(At(0)));

        lease.Renewed(At(10), At(10), hadLease: false);
        Assert.False(lease.IsSettled(At(10)));
    }

    private static Lease Settled()
    {
        var lease = new Lease(Duration);
        lease.Renewed(At(0), At(0), hadLease: false);
        lease.Renewed(At(4), At(4), hadLease: true);
        lease.Renewed(At(7), At(7), hadLease: true);
        Assert.True(lease.IsSettled(At(7)));
        return lease;
    }

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);
}
