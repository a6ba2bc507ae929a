namespace Broker.Host.Tests.MustHold;

/// <summary>Tests with thousands of sockets run when no others do: the machine has only so many descriptors.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class Alone
{
    public const string Name = "alone";
}
