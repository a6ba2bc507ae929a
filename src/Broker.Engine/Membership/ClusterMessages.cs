namespace Broker.Engine;

/// <summary>From node to node: something has changed.</summary>
internal sealed record LookAgain : IDeadLetterSuppression
{
    public static readonly LookAgain Instance = new();
}

/// <summary>From node to node: I have left, and did not die.</summary>
internal sealed record Farewell(string Node) : IDeadLetterSuppression;

/// <summary>From node to node: leave the cluster.</summary>
internal sealed record LeaveOrder
{
    public static readonly LeaveOrder Instance = new();
}
