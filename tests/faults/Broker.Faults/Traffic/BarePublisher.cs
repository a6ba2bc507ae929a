using System.Net;
using System.Net.Sockets;
using System.Text;
using Broker.Bench.Load;
using Broker.Testing.Redis;

namespace Broker.Faults.Traffic;

/// <summary>Somebody who publishes on Redis itself, past Broker, on every channel in turn, and does not care whether anybody hears it.</summary>
internal sealed class BarePublisher : IAsyncDisposable
{
    /// <summary>From this number on: none of those who publish through Broker.</summary>
    public const int Publisher = 1024;

    private readonly CancellationTokenSource _end = new();
    private readonly TimeSpan _pace;
    private readonly Task _working;
    private readonly List<(int Channel, int Id, long At)> _published = [];

    /// <param name="redis">Where.</param>
    /// <param name="facilities">The channels.</param>
    /// <param name="pace">The time between two publications on one channel.</param>
    public BarePublisher(RedisServer redis, IReadOnlyList<string> facilities, TimeSpan pace)
    {
        _pace = pace;
        _working = PublishAsync(redis, facilities, pace);
    }

    /// <summary>Of each channel, how long a time had publications that are not in its history; counted within a stretch of time, and only where there were any.</summary>
    public async Task<(int Lost, IReadOnlyList<TimeSpan> Windows)> LossesAsync(IReadOnlyList<History> histories, long from, long to)
    {
        await StopAsync();
        var (lost, windows) = (0, new List<TimeSpan>());
        foreach (var channel in _published.Where(one => one.At >= from && one.At < to).GroupBy(one => one.Channel))
        {
            var kept = histories[channel.Key].Ids.ToHashSet();
            var gone = channel.Where(one => !kept.Contains(one.Id)).Select(one => one.At).ToList();
            if (gone.Count == 0) continue;

            lost += gone.Count;
            windows.Add(TimeSpan.FromTicks((gone.Max() - gone.Min()) / 100) + _pace);
        }

        return (lost, windows);
    }

    public async Task StopAsync()
    {
        await _end.CancelAsync();
        await _working;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _end.Dispose();
    }

    private async Task PublishAsync(RedisServer redis, IReadOnlyList<string> facilities, TimeSpan pace)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, redis.Port);
        using var ticks = new PeriodicTimer(pace);
        var replies = new byte[64 * 1024];
        try
        {
            for (var number = 0; await ticks.WaitForNextTickAsync(_end.Token); number++)
            {
                var commands = new StringBuilder();
                for (var channel = 0; channel < facilities.Count; channel++)
                {
                    var id = Payload.Id(Publisher + channel, number);
                    _published.Add((channel, id, Clock.Now));
                    commands.Append("PUBLISH ").Append(History.ChannelOf(facilities[channel])).Append(' ').Append(Payload.Text(id)).Append("\r\n");
                }

                await socket.SendAsync(Encoding.ASCII.GetBytes(commands.ToString()));
                await socket.ReceiveAsync(replies, _end.Token);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }
}
