namespace Broker.Actors.Serving;

/// <summary>Long lists that several nodes have parts of, in the order of their keys.</summary>
internal static class Pages
{
    /// <summary>So that a page stays below what a link between nodes takes.</summary>
    public const int MaxBytes = 40 * 1024;

    /// <summary>As many as fit, at least one. They are sorted.</summary>
    public static Page<T> Take<T>(IReadOnlyList<T> items, int start, int limit, Func<T, int> sizeOf)
    {
        var bytes = 0;
        var end = start;
        while (end < items.Count && end - start < limit)
        {
            bytes += sizeOf(items[end]);
            if (bytes > MaxBytes && end > start) break;

            end++;
        }

        return new Page<T>([.. items.Skip(start).Take(end - start)], More: end < items.Count);
    }

    /// <summary>
    /// What is known for certain after each node has given its page: up to the last key of the first page that ends. What other nodes gave beyond it comes again.
    /// </summary>
    public static Page<T> Merge<T>(IReadOnlyList<Page<T>> pages, Func<T, string> keyOf)
    {
        var ends = pages.Where(page => page.More).Select(page => keyOf(page.Items[^1])).ToArray();
        var end = ends.Length == 0 ? null : ends.Min(StringComparer.Ordinal);
        var items = pages.SelectMany(page => page.Items).Where(item => end is null || string.CompareOrdinal(keyOf(item), end) <= 0).OrderBy(keyOf, StringComparer.Ordinal);
        return new Page<T>([.. items], More: end is not null);
    }
}
