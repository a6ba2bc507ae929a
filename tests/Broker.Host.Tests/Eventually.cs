using System.Diagnostics;
using Broker.Host.Tests.WebSockets;

namespace Broker.Host.Tests;

/// <summary>Waits for a fact, with a deadline.</summary>
internal static class Eventually
{
    public static Task IsTrueAsync(Func<bool> look) => IsTrueAsync(() => Task.FromResult(look()));

    public static Task IsTrueAsync(Func<Task<bool>> look) => IsAsync(true, look);

    /// <summary>Looks again and again until the value is the expected one; fails with the last one.</summary>
    public static async Task IsAsync<T>(T expected, Func<Task<T>> look)
    {
        var clock = Stopwatch.StartNew();
        var seen = await look();
        while (!Equals(seen, expected) && clock.Elapsed < Deadline.Fact)
        {
            await Task.Delay(10);
            seen = await look();
        }

        Assert.Equal(expected, seen);
    }
}
