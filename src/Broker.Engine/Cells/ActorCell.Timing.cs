namespace Broker.Engine;

/// <summary>Timers and the receive timeout.</summary>
internal sealed partial class ActorCell
{
    private TimerScheduler? _timers;
    private ReceiveTimeoutWatch? _receiveTimeout;

    public TimeSpan? ReceiveTimeout => _receiveTimeout?.Timeout;

    public void SetReceiveTimeout(TimeSpan? timeout)
    {
        _receiveTimeout?.Cancel();
        _receiveTimeout = timeout is { } wanted ? new ReceiveTimeoutWatch(this, wanted) : null;
    }

    private void OnTimer(ActorTimer timer)
    {
        if (_timers?.Accept(timer) == true)
        {
            Handle(timer.Message);
        }
    }

    private void OnReceiveTimeout(ReceiveTimeoutWatch watch)
    {
        if (ReferenceEquals(watch, _receiveTimeout) && watch.HasElapsed())
        {
            Handle(Engine.ReceiveTimeout.Instance);
        }
    }
}
