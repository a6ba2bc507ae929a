namespace Broker.Bench.Load;

/// <summary>Connects, greets and closes websockets, always so many at a time.</summary>
internal sealed class Churn(EventLoop loop, WebSocketAddress address, Greeting greeting)
{
    private int _underWay;
    private int _started;

    public long Cycles { get; private set; }

    public Latencies Latencies { get; } = new();

    public void Run(TimeSpan time, int atATime, Action tick)
    {
        var end = Clock.Now + Clock.Of(time);
        while (Clock.Now < end)
        {
            for (; _underWay < atATime; _underWay++) _ = new Visitor(this, _started++);
            loop.Turn(10 * Clock.Millisecond);
            tick();
        }
    }

    public void Restart()
    {
        Cycles = 0;
        Latencies.Clear();
    }

    /// <summary>Waits for those that are under way.</summary>
    public void Drain()
    {
        var end = Clock.Now + (10 * Clock.Second);
        while (_underWay > 0 && Clock.Now < end) loop.Turn(10 * Clock.Millisecond);
    }

    /// <summary>A websocket that is opened in order to be closed.</summary>
    private sealed class Visitor(Churn churn, int number) : WebSocketEndpoint(churn.Loop, churn.Address, churn.Greeting, Crowd.Source(churn.Address, number))
    {
        private readonly long _start = Clock.Now;

        protected override void OnOpen() => SendClose();

        protected override void OnMessage(ReadOnlySpan<byte> payload)
        {
        }

        protected override void OnEnd(string? why)
        {
            if (why is not null) throw new BenchException("churn: " + why);

            churn._underWay--;
            churn.Cycles++;
            churn.Latencies.Add(Clock.Now - _start);
        }
    }

    private EventLoop Loop => loop;

    private WebSocketAddress Address => address;

    private Greeting Greeting => greeting;
}
