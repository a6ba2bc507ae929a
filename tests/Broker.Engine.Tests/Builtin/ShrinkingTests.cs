namespace Broker.Engine.Tests.Builtin;

public sealed class ShrinkingTests
{
    // After 15,000 connections had come and gone, the tables that had held their actors were still there: 2 MiB.
    [Fact]
    public void A_table_whose_crowd_has_gone_gives_its_room_back_and_keeps_what_is_left()
    {
        var table = Enumerable.Range(0, 100_000).ToDictionary(key => key, key => key);

        for (var key = 0; key < 99_990; key++)
        {
            table.RemoveAndShrink(key);
        }

        Assert.InRange(table.Capacity, 10, 2048);
        Assert.Equal(Enumerable.Range(99_990, 10), table.Keys.Order());
    }

    [Fact]
    public void A_small_one_stays_as_it_is()
    {
        var table = new Dictionary<int, int>(500) { [1] = 1 };
        var capacity = table.Capacity;

        table.RemoveAndShrink(1);

        Assert.Equal(capacity, table.Capacity);
        Assert.Empty(table);
    }
}
