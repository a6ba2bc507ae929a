using Broker.Actors.Relays;

namespace Broker.Actors.Tests.Relays;

public sealed class LocalSubscribersTests
{
    /// <summary>A client that left just after its relay had failed took a stranger's place at the next relay, or made that one fail, too.</summary>
    [Fact]
    public void Who_was_at_a_former_relay_takes_nobodys_place_when_it_leaves()
    {
        var (former, present) = (new LocalSubscribers(), new LocalSubscribers());
        var (first, gone) = (new Listener(), new Listener());
        former.Add(first);
        former.Add(gone);
        var (one, two, three) = (new Listener(), new Listener(), new Listener());
        present.Add(one);

        Assert.False(present.Remove(gone));
        present.Add(two);
        present.Add(three);
        Assert.False(present.Remove(gone));

        Assert.Equal(3, present.Count);
        Assert.True(present.Remove(two));
        Assert.True(present.Remove(one));
        Assert.True(present.Remove(three));
    }

    private sealed class Listener() : Subscriber(ActorRefs.Nobody, "", JoinMode.Live)
    {
        public override void Replay(ReadOnlyMemory<byte> payload, string? publishId)
        {
        }

        public override int Deliver(Dispatch dispatch) => 0;
    }
}
