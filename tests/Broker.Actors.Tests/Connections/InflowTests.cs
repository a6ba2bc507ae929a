using Broker.Actors.Connections;

namespace Broker.Actors.Tests.Connections;

public sealed class InflowTests
{
    /// <summary>A client that was closed while it had sent too much was read from no more: nobody dealt with what had come, its socket was never seen to end, and its place stayed taken.</summary>
    [Fact]
    public async Task Who_waits_for_room_does_not_wait_for_ever_when_nobody_deals_with_anything_any_more()
    {
        var inflow = new Inflow(maxCount: 1, maxBytes: 10);
        var waits = inflow.TakeAsync(1).AsTask();
        Assert.False(waits.IsCompleted);

        inflow.End();

        await waits;
        Assert.True(inflow.TakeAsync(100).AsTask().IsCompleted);
        inflow.Release(1);
    }

    [Fact]
    public async Task Reading_pauses_over_the_bound_and_goes_on_below_it()
    {
        var inflow = new Inflow(maxCount: 3, maxBytes: 100);

        Assert.True(inflow.TakeAsync(10).AsTask().IsCompleted);
        Assert.True(inflow.TakeAsync(10).AsTask().IsCompleted);
        var third = inflow.TakeAsync(10).AsTask();
        Assert.False(third.IsCompleted);

        inflow.Release(10);
        await third.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task Bytes_count_as_messages_do()
    {
        var inflow = new Inflow(maxCount: 10, maxBytes: 100);

        var first = inflow.TakeAsync(100).AsTask();
        Assert.False(first.IsCompleted);

        inflow.Release(100);
        await first.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_reader_is_never_left_waiting_however_messages_are_dealt_with()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var inflow = new Inflow(4, 50);
            var open = new System.Collections.Concurrent.BlockingCollection<int>();
            var dealing = Task.Run(() =>
            {
                foreach (var bytes in open.GetConsumingEnumerable()) inflow.Release(bytes);
            });

            for (var i = 0; i < 200; i++)
            {
                var bytes = random.Next(1, 60);
                var room = inflow.TakeAsync(bytes);
                open.Add(bytes);
                await room.AsTask().WaitAsync(TimeSpan.FromSeconds(20));
            }

            open.CompleteAdding();
            await dealing;
        }
    }
}
