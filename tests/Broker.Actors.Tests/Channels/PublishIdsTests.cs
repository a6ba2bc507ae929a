using Broker.Actors.Channels;

namespace Broker.Actors.Tests.Channels;

public sealed class PublishIdsTests
{
    /// <summary>After an owner was lost one relay's new publications pushed out of a small history what another relay had yet to repeat: it was appended twice.</summary>
    [Fact]
    public void What_a_take_over_found_is_known_for_longer_than_a_small_history_keeps_it()
    {
        var ids = new PublishIds(historySize: 10);
        ids.Reset([(1, "first")]);

        for (var offset = 2; offset <= PublishIds.Least; offset++) ids.Add(offset, $"{offset}");
        Assert.Equal(1, ids.Find("first"));

        ids.Add(PublishIds.Least + 1, "one more");
        Assert.Null(ids.Find("first"));
    }
}
