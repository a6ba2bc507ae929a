using System.Net;

namespace Broker.Bench.Load;

/// <summary>Owns the subscribers of a run: opens them and knows how they fare.</summary>
internal sealed class Crowd(EventLoop loop)
{
    /// <summary>How many handshakes are under way at a time. Kestrel lets 512 wait.</summary>
    private const int AtATime = 64;

    /// <summary>A client's address has some 28,000 ports, and a closed connection keeps its for a minute: on this machine the generator has more addresses.</summary>
    private const int Sources = 16;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly List<Subscriber> _subscribers = [];
    private int _failed;
    private string? _failure;

    public EventLoop Loop => loop;

    public Tally Tally { get; } = new();

    public int Open { get; private set; }

    /// <summary>The most subscribers that one address of the generator's can have at once is not what is measured.</summary>
    public static IPAddress? Source(WebSocketAddress address, int number) =>
        address.IsLoopback ? new IPAddress([127, 0, 0, (byte)(1 + (number % Sources))]) : null;

    /// <param name="count">How many there shall be; the n-th is for channel n modulo <paramref name="channels"/>.</param>
    /// <param name="channels">How many channels there are.</param>
    /// <param name="address">Where a channel's subscribers go.</param>
    /// <param name="greeting">What they say first.</param>
    /// <param name="sources">How many sources publish to a channel.</param>
    /// <param name="tick">Called now and then.</param>
    /// <exception cref="BenchException">One of them was not let in.</exception>
    public void OpenAll(int count, int channels, Func<int, WebSocketAddress> address, Func<int, Greeting> greeting, int sources, Action tick)
    {
        var addresses = Enumerable.Range(0, channels).Select(address).ToArray();
        var greetings = Enumerable.Range(0, channels).Select(greeting).ToArray();
        var end = Clock.Now + Clock.Of(Patience);
        while (Open < count)
        {
            while (_subscribers.Count < count && _subscribers.Count - Open < AtATime)
            {
                var number = _subscribers.Count;
                var channel = number % channels;
                _subscribers.Add(new Subscriber(this, addresses[channel], greetings[channel], channel, sources, Source(addresses[channel], number)));
            }

            loop.Turn(20 * Clock.Millisecond);
            tick();
            if (_failed > 0) throw new BenchException($"{_failed} of {count} subscribers failed: {_failure}");
            if (Clock.Now > end) throw new BenchException($"only {Open} of {count} subscribers are open after {Patience.TotalSeconds} s");
        }
    }

    /// <summary>What those that are open should have had and have not, in all.</summary>
    public long Missing(ReadOnlySpan<long> published)
    {
        long sum = 0;
        foreach (var subscriber in _subscribers)
        {
            if (subscriber.IsOpen) sum += subscriber.Missing(published);
        }

        return sum;
    }

    /// <summary>How many were closed that should be open, and why.</summary>
    public (int Count, string? Why) Failed => (_failed, _failure);

    public void Opened() => Open++;

    public void Ended(string? why)
    {
        if (why is null) return;

        _failed++;
        _failure ??= why;
    }
}
