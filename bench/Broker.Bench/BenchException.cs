namespace Broker.Bench;

/// <summary>A scenario could not be measured; the message says why.</summary>
internal sealed class BenchException(string message) : Exception(message);
