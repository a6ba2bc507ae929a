using Broker.Host.Tests.MustHold;
using Broker.Host.Tests.Server;

namespace Broker.Host.Tests.Fuzz;

/// <summary>A rich client and one of ws4redis mode on a channel of their own: the first publishes all the time, and both listen.</summary>
internal sealed class CalmClients : IAsyncDisposable
{
    public const int Count = 2;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly RichClient _rich;
    private readonly Client _plain;
    private readonly CancellationTokenSource _end = new();
    private readonly Task<int> _publishing;

    private CalmClients(RichClient rich, Client plain)
    {
        (_rich, _plain) = (rich, plain);
        _publishing = PublishAsync();
    }

    public static async Task<CalmClients> ConnectAsync(ServerProcess server)
    {
        var plain = await Client.ConnectAsync(server.WebSocket("calm?subscribe-broadcast&echo"));
        var rich = await RichClient.ConnectAsync(server.Rich());
        await rich.SubscribeAsync("broadcast:calm");
        return new CalmClients(rich, plain);
    }

    /// <summary>All that was published was acknowledged, and came once and in order; nothing else came, and both stand.</summary>
    public async Task WereUndisturbedAsync()
    {
        await _end.CancelAsync();
        var count = await _publishing;
        foreach (var inbox in new[] { _rich.Inbox, _plain.Inbox })
        {
            await inbox.HasAsync(count, Patience, () => "a calm client");
            Assert.Equal(Enumerable.Range(0, count).Select(number => $"{number}"), inbox.All);
        }

        Assert.True(_rich.IsOpen && _plain.IsOpen);
        Assert.Empty(_rich.Surprises);
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await ((Task)_publishing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _rich.DisposeAsync();
        await _plain.DisposeAsync();
        _end.Dispose();
    }

    private async Task<int> PublishAsync()
    {
        using var pace = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        var count = 0;
        for (; !_end.IsCancellationRequested; count++)
        {
            await pace.WaitForNextTickAsync();
            await _rich.PublishAsync("broadcast:calm", $"{count}");
        }

        return count;
    }
}
