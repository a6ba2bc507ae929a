using System.Diagnostics;
using Broker.Host.Tests.WebSockets;

namespace Broker.Host.Tests.Clients;

/// <summary>Asks until a fact is there, or the deadline has passed.</summary>
internal static class Eventually
{
    public static async Task Async(Func<Task<bool>> isSo)
    {
        var start = Stopwatch.GetTimestamp();
        while (!await isSo())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < Deadline.Fact, "it did not come about in time");
            await Task.Delay(10);
        }
    }

    public static Task Async(Func<bool> isSo) => Async(() => Task.FromResult(isSo()));
}
