namespace Broker.Actors.Sessions;

/// <summary>
/// Counts what this node hears that has been taken back of clients' credentials. Who came in meanwhile may have been looked at before that, and not have been there when the clients were closed: it
/// is looked at again. From any thread.
/// </summary>
internal sealed class RevokingTurns
{
    private int _now;

    public int Now => Volatile.Read(ref _now);

    public void Next() => Interlocked.Increment(ref _now);
}
