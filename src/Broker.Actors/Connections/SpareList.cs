namespace Broker.Actors.Connections;

/// <summary>
/// One empty list per thread. An idle client has none; one that gets something borrows its thread's for as long as the write takes.
/// </summary>
internal static class SpareList<T>
{
    /// <summary>A list that has grown larger is not kept.</summary>
    private const int KeptCapacity = 64;

    [ThreadStatic]
    private static List<T>? _unused;

    public static List<T> Borrow()
    {
        var list = _unused ?? [];
        _unused = null;
        return list;
    }

    /// <summary>To be given back empty.</summary>
    public static void GiveBack(ref List<T>? list)
    {
        if (list is { Capacity: <= KeptCapacity }) _unused = list;
        list = null;
    }
}
