using Broker.Actors.Channels;
using Broker.Actors.Settings;

namespace Broker.Actors.Tests.Channels;

public sealed class DoubtfulTests
{
    private readonly Room _room = new(new WaitingLimits(100, 10000));
    private readonly Doubtful _doubtful;

    public DoubtfulTests() => _doubtful = new Doubtful(_room);

    [Fact]
    public void What_is_forgotten_gives_its_room_back_whether_the_history_has_it_or_it_is_the_oldest()
    {
        foreach (byte i in new byte[] { 1, 2, 3, 1, 4 }) Add(i);

        _doubtful.Forget([1]);
        _doubtful.Forget([9]);
        _doubtful.ForgetOldest(2);
        Assert.Equal([[1], [4]], _doubtful.Payloads);
        Assert.False(_doubtful.Holds([2]));

        _doubtful.ForgetOldest(long.MaxValue);
        Assert.Equal(0, _doubtful.Count);
        Assert.True(_room.IsEmpty);
    }

    [Fact]
    public void What_is_to_be_appended_after_all_keeps_its_room()
    {
        Add(1);
        Add(2);

        Assert.Equal([[1], [2]], _doubtful.TakeAll());
        Assert.Equal(0, _doubtful.Count);
        Assert.False(_room.IsEmpty);
    }

    private void Add(byte payload)
    {
        Assert.True(_room.TryTake([payload]));
        _doubtful.Add([payload]);
    }
}
