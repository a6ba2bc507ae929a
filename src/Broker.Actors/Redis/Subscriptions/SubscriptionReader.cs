using System.Net.Sockets;
using Microsoft.Extensions.Logging;

namespace Broker.Actors.Redis.Subscriptions;

/// <summary>
/// Owns the node's one subscription connection: one thread reads it and calls the subscribers, another writes what any thread wants sent and watches that
/// Redis answers. After a loss the reading thread connects again, to whichever node answers, and subscribes everything anew.
/// </summary>
internal sealed class SubscriptionReader : IDisposable
{
    private static readonly TimeSpan Good = TimeSpan.FromSeconds(1);

    private readonly RedisConnectionString _connection;
    private readonly SubscriptionSettings _settings;
    private readonly ILogger _log;
    private readonly object _gate = new();
    private readonly SubscriptionTable _table = new();
    private readonly Deliveries _deliveries;
    private readonly BackOff _backOff;
    private readonly ManualResetEventSlim _stopping = new();
    private readonly TaskCompletionSource _tried = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread _readingThread;
    private readonly Thread _writingThread;
    private SubscriptionLink? _link;
    private Action<string, long>? _publishFence;
    private long _lastRead;
    private long _pinged;
    private int _nextEndPoint;
    private bool _complained;
    private volatile string? _trouble = "not connected yet";

    public SubscriptionReader(RedisConnectionString connection, SubscriptionSettings settings, ILogger log)
    {
        (_connection, _settings, _log) = (connection, settings, log);
        _backOff = new BackOff(settings.MaxBackOff);
        _deliveries = new Deliveries((to, problem) => log.LogError(problem, "A subscriber of a Redis channel failed"));
        _readingThread = new Thread(ReadingLoop) { IsBackground = true, Name = "redis-subscriptions" };
        _writingThread = new Thread(WritingLoop) { IsBackground = true, Name = "redis-subscriptions-writer" };
        _readingThread.Start();
        _writingThread.Start();
    }

    /// <summary>Connected, and everything subscribed is confirmed.</summary>
    public bool IsUp => _table.IsVerified;

    /// <summary>It has been up, or has failed to be.</summary>
    public Task Tried => _tried.Task;

    /// <summary>Why it is not up, as far as known; names no host.</summary>
    public string? Trouble => _trouble;

    public SubscriptionCounters Counters { get; } = new();

    public void Subscribe(string channel, string? markChannel, IArrivals arrivals)
    {
        lock (_gate)
        {
            _table.Subscribe(channel, markChannel, arrivals);
            Monitor.PulseAll(_gate);
        }
    }

    public void Unsubscribe(string channel, IArrivals arrivals)
    {
        lock (_gate)
        {
            _table.Unsubscribe(channel, arrivals);
            Monitor.PulseAll(_gate);
        }
    }

    public void Fence(string channel, long ticket)
    {
        lock (_gate)
        {
            _table.Fence(channel, ticket);
            Monitor.PulseAll(_gate);
        }
    }

    /// <inheritdoc cref="SubscriptionTable.SubscribeFences"/>
    /// <param name="channel">The channel.</param>
    /// <param name="publish">Publishes a fence, by the node of a channel's slot and until it is no longer awaited; does not wait.</param>
    public void SubscribeFences(string channel, Action<string, long> publish)
    {
        lock (_gate)
        {
            _publishFence = publish;
            _table.SubscribeFences(channel);
            Monitor.PulseAll(_gate);
        }
    }

    /// <inheritdoc cref="SubscriptionTable.AddFence"/>
    public long AddFence(string channel, long ticket)
    {
        lock (_gate) return _table.AddFence(channel, ticket);
    }

    public bool AwaitsFence(long number)
    {
        lock (_gate) return _table.AwaitsFence(number);
    }

    public void Dispose()
    {
        _stopping.Set();
        lock (_gate)
        {
            _link?.Dispose();
            Monitor.PulseAll(_gate);
        }

        _writingThread.Join();
        if (Thread.CurrentThread != _readingThread) _readingThread.Join(_settings.ConnectTimeout);
    }

    private void ReadingLoop()
    {
        while (!_stopping.IsSet)
        {
            var started = Environment.TickCount64;
            try
            {
                ReadOneConnection();
            }
            catch (Exception problem)
            {
                Complain(problem);
            }

            lock (_gate)
            {
                if (_table.IsVerified && Environment.TickCount64 - started > Good.TotalMilliseconds) _backOff.Reset();
                _link = null;
                _table.Disconnected(_deliveries);
            }

            if (_stopping.IsSet) return;

            _deliveries.Run();
            _stopping.Wait(_backOff.Next());
        }
    }

    private void ReadOneConnection()
    {
        var reader = new RespReader(_settings.MaxReply);
        var endPoint = _connection.EndPoints[_nextEndPoint++ % _connection.EndPoints.Count];
        using var link = SubscriptionLink.Open(endPoint, _connection, reader, _settings.ConnectTimeout);
        lock (_gate)
        {
            if (_stopping.IsSet) return;

            _link = link;
            _lastRead = Environment.TickCount64;
            _table.Connected();
            Monitor.PulseAll(_gate);
        }

        while (true)
        {
            var count = link.Read(reader.Free());
            if (count == 0) throw new EndOfStreamException("Redis closed the connection");

            Volatile.Write(ref _lastRead, Environment.TickCount64);
            reader.Filled(count);
            foreach (var (channel, fence) in Decide(reader)) _publishFence!(channel, fence);
            _deliveries.Run();
        }
    }

    /// <returns>Fences to publish.</returns>
    private IReadOnlyList<(string Channel, long Fence)> Decide(RespReader reader)
    {
        lock (_gate)
        {
            var wasUp = _table.IsVerified;
            while (reader.TryRead(out var frame))
            {
                _table.Read(frame, _deliveries);
                Counters.Replies++;
            }

            if (!wasUp && _table.IsVerified) Recovered();
            return _table.TakeWantedFences();
        }
    }

    private void WritingLoop()
    {
        while (true)
        {
            SubscriptionLink link;
            ReadOnlyMemory<byte> bytes;
            lock (_gate)
            {
                while (!_stopping.IsSet && (_link is null || _table.Outbox.WrittenCount == 0))
                {
                    Monitor.Wait(_gate, _settings.Silence / 4);
                    Watch();
                }

                if (_stopping.IsSet) return;
                link = _link!;
                bytes = _table.TakeOutbox().WrittenMemory;
            }

            try
            {
                link.Write(bytes.Span);
            }
            catch (Exception problem) when (problem is SocketException or IOException or ObjectDisposedException)
            {
                link.Dispose();
            }
        }
    }

    private void Watch()
    {
        if (_link is null) return;

        var now = Environment.TickCount64;
        var silence = _settings.Silence.TotalMilliseconds;
        if (now - Volatile.Read(ref _lastRead) < silence) return;

        if (_pinged <= Volatile.Read(ref _lastRead))
        {
            _pinged = now;
            if (!_table.AwaitsPong) _table.SendPing();
        }
        else if (now - _pinged >= silence)
        {
            _link.Dispose(); // The reading thread sees it and begins anew.
        }
    }

    private void Recovered()
    {
        _tried.TrySetResult();
        _trouble = null;
        if (_complained) _log.LogInformation("Redis subscriptions work again: {Count} channels", _table.Count);
        _complained = false;
    }

    private void Complain(Exception problem)
    {
        _tried.TrySetResult();
        if (_stopping.IsSet) return;

        _trouble = problem is RedisRefusedException or RespProtocolException ? problem.Message : "Redis is not reachable";
        if (problem is RespProtocolException { TooLarge: true }) Counters.TooLarge++;
        if (_table.IsVerified) Counters.Losses++;

        _log.Log(_complained ? LogLevel.Debug : LogLevel.Warning, problem, "No Redis subscriptions: {Reason}", _trouble);
        _complained = true;
    }
}
