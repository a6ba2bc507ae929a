using System.Diagnostics;

namespace Broker.Host.Tests.Server;

/// <summary>Waits for a fact, with a deadline.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Looks again and again until the value is the expected one; fails with the last one.</summary>
    public static async Task IsAsync<T>(T expected, Func<Task<T>> look)
    {
        var clock = Stopwatch.StartNew();
        var seen = await look();
        while (!Equals(seen, expected) && clock.Elapsed < Patience)
        {
            await Task.Delay(20);
            seen = await look();
        }

        Assert.Equal(expected, seen);
    }

    public static Task IsTrueAsync(Func<Task<bool>> look) => IsAsync(true, look);
}
