namespace Broker.Actors.Channels;

/// <summary>
/// Where a channel's history stands: the epoch names one life of the history, the offset counts publications within it from 1.
/// Two positions compare only within one epoch.
/// </summary>
/// <param name="Epoch">Opaque; a new one means that what was counted before is gone.</param>
/// <param name="Offset">The number of the last publication that the holder has seen; 0 before the first.</param>
public readonly record struct StreamPosition(string Epoch, long Offset)
{
    /// <summary>The form that logs and clients see: <c>epoch:offset</c>.</summary>
    public override string ToString() => $"{Epoch}:{Offset}";
}
