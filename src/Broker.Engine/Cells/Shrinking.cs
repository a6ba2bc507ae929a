namespace Broker.Engine;

/// <summary>Tables that had a crowd in them and have it no more: by themselves they stay as large as it was.</summary>
internal static class Shrinking
{
    /// <summary>Below this a table is small enough.</summary>
    private const int Small = 1024;

    /// <summary>Removes the key, and gives room back when seven eighths are empty: so seldom that it costs each removal next to nothing.</summary>
    public static void RemoveAndShrink<TKey, TValue>(this Dictionary<TKey, TValue> table, TKey key)
        where TKey : notnull
    {
        table.Remove(key);
        if (table.Capacity > Small && table.Count < table.Capacity / 8)
        {
            table.TrimExcess(2 * table.Count);
        }
    }
}
