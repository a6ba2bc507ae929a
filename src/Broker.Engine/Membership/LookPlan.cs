namespace Broker.Engine;

/// <summary>
/// When a node is to ask the coordinator next: when its lease wants renewing, when it expects news, soon if there is something to do, and not without pause after what failed or
/// may well be in vain. The time is an argument.
/// </summary>
internal sealed class LookPlan(Lease lease)
{
    private TimeSpan _notBefore;
    private TimeSpan _sentAt;
    private TimeSpan? _again;
    private bool _isUnderWay;

    public TimeSpan Next { get; private set; }

    private TimeSpan Pause => lease.Duration / 20;

    public void Sent(TimeSpan now)
    {
        (_sentAt, _again, _isUnderWay) = (now, null, true);
        Next = now + lease.RenewInterval;
    }

    public void Failed(TimeSpan now)
    {
        _isUnderWay = false;
        Next = _notBefore = now + Pause;
    }

    /// <summary>The lease is as old as the question, however late the answer comes.</summary>
    /// <param name="news">When there will be news.</param>
    public void Answered(IEnumerable<TimeSpan> news)
    {
        _isUnderWay = false;
        var own = _sentAt + lease.RenewInterval;
        Next = news.Append(own).Append(_again ?? own).Min();
    }

    /// <summary>There is something to do.</summary>
    public void Soon() => At(_notBefore);

    /// <summary>There may be, and there may be again after the answer: at once only if nothing was sent of late.</summary>
    public void InAWhile() => At(Earliest(Next, _notBefore > _sentAt + Pause ? _notBefore : _sentAt + Pause));

    private static TimeSpan Earliest(TimeSpan one, TimeSpan other) => one < other ? one : other;

    /// <summary>What is under way may have been done before there was something to do: then once more.</summary>
    private void At(TimeSpan time)
    {
        if (_isUnderWay)
        {
            _again = Earliest(_again ?? time, time);
        }
        else
        {
            Next = time;
        }
    }
}
