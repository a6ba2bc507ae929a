using System.Collections.Concurrent;
using System.Diagnostics;

namespace Broker.Engine.Tests.Builtin;

public sealed class TimerWheelTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ConcurrentQueue<Exception> _errors = new();
    private readonly TimerWheel _wheel;

    public TimerWheelTests() => _wheel = new TimerWheel(_errors.Enqueue);

    [Fact]
    public void No_alarm_of_many_rings_early_twice_or_never()
    {
        var random = new Random(12345);
        var alarms = Enumerable.Range(0, 5_000).Select(_ => new Bell()).ToList();

        foreach (var alarm in alarms)
        {
            alarm.Delay = TimeSpan.FromMilliseconds(random.Next(0, 500));
            _wheel.Start(alarm, alarm.Delay);
        }

        Assert.True(SpinWait.SpinUntil(() => alarms.TrueForAll(alarm => alarm.Rings > 0), Patience));
        Assert.All(alarms, alarm => Assert.Equal(1, alarm.Rings));
        Assert.All(alarms, alarm => Assert.True(alarm.RangAfter >= alarm.Delay - TimeSpan.FromMilliseconds(1)));
    }

    [Fact]
    public void Cancelled_alarms_do_not_ring_and_the_others_do()
    {
        var alarms = Enumerable.Range(0, 1_000).Select(_ => new Bell()).ToList();
        foreach (var alarm in alarms)
        {
            _wheel.Start(alarm, TimeSpan.FromMilliseconds(100));
        }

        for (var i = 0; i < alarms.Count; i += 2)
        {
            alarms[i].Cancel();
        }

        Assert.True(SpinWait.SpinUntil(() => alarms.Sum(alarm => alarm.Rings) == 500, Patience));
        Assert.All(alarms, alarm => Assert.Equal(alarm.IsCancellationRequested ? 0 : 1, alarm.Rings));
    }

    [Fact]
    public void An_alarm_beyond_the_wheels_round_waits_for_its_own()
    {
        var far = new Bell();
        var near = new Bell();

        _wheel.Start(far, TimeSpan.FromDays(400));
        _wheel.Start(near, TimeSpan.FromMilliseconds(30));

        Assert.True(SpinWait.SpinUntil(() => near.Rings == 1, Patience));
        Assert.Equal(0, far.Rings);
    }

    [Fact]
    public void A_wheel_that_has_been_empty_for_a_while_still_keeps_time()
    {
        var first = new Bell();
        _wheel.Start(first, TimeSpan.Zero);
        Assert.True(SpinWait.SpinUntil(() => first.Rings == 1, Patience));
        Thread.Sleep(200);

        var second = new Bell { Delay = TimeSpan.FromMilliseconds(50) };
        _wheel.Start(second, second.Delay);

        Assert.True(SpinWait.SpinUntil(() => second.Rings == 1, Patience));
        Assert.InRange(second.RangAfter, second.Delay - TimeSpan.FromMilliseconds(1), Patience);
    }

    [Fact]
    public void An_alarm_that_throws_is_reported_and_rings_again()
    {
        var alarm = new Bell(TimeSpan.FromMilliseconds(10)) { Throws = true };

        _wheel.Start(alarm, TimeSpan.Zero);

        Assert.True(SpinWait.SpinUntil(() => _errors.Count >= 2, Patience));
    }

    [Fact]
    public void A_wheel_that_is_disposed_rings_no_more()
    {
        var alarm = new Bell(TimeSpan.FromMilliseconds(10));
        _wheel.Start(alarm, TimeSpan.Zero);
        Assert.True(SpinWait.SpinUntil(() => alarm.Rings > 1, Patience));

        _wheel.Dispose();
        Thread.Sleep(50);
        var then = alarm.Rings;
        Thread.Sleep(100);

        Assert.Equal(then, alarm.Rings);
    }

    [Fact]
    public void A_period_of_nothing_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => _wheel.Start(new Bell(TimeSpan.Zero), TimeSpan.Zero));

    public void Dispose() => _wheel.Dispose();

    private sealed class Bell(TimeSpan? period = null) : Alarm(period)
    {
        private readonly long _made = Stopwatch.GetTimestamp();
        private int _rings;

        public TimeSpan Delay { get; set; }

        public bool Throws { get; init; }

        public int Rings => Volatile.Read(ref _rings);

        public TimeSpan RangAfter { get; private set; }

        public override void Ring()
        {
            RangAfter = Stopwatch.GetElapsedTime(_made);
            Interlocked.Increment(ref _rings);
            if (Throws)
            {
                throw new InvalidOperationException("on purpose");
            }
        }
    }
}
