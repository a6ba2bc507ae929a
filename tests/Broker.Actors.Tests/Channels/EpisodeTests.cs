using Broker.Actors.Channels;

namespace Broker.Actors.Tests.Channels;

public sealed class EpisodeTests
{
    [Fact]
    public void What_fails_again_is_tried_after_ever_longer_times_up_to_a_bound_and_from_the_beginning_when_it_has_worked()
    {
        var episode = new Episode();

        Assert.Equal([250, 500, 1000, 2000, 4000, 4000], Enumerable.Range(0, 6).Select(_ => episode.Failed().TotalMilliseconds));
        Assert.True(episode.IsOpen);
        Assert.True(episode.End());
        Assert.False(episode.End());
        Assert.Equal(250, episode.Failed().TotalMilliseconds);
    }
}
