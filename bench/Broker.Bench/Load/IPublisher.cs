namespace Broker.Bench.Load;

/// <summary>A way into the server for publications. Takes them at once, and sends what it has at each flush.</summary>
internal interface IPublisher
{
    /// <summary>It has more than it can send: whoever publishes waits.</summary>
    bool IsFull { get; }

    void Publish(int channel, ReadOnlySpan<byte> payload);

    void Flush();
}
