namespace Broker.Engine;

/// <summary>Counts the restarts of one child.</summary>
internal sealed class RestartCount
{
    private int _count;
    private long? _windowStart;

    /// <summary>Counts one more restart.</summary>
    /// <param name="limit">How many are granted; negative: any number, or one per window if there is one.</param>
    /// <param name="window">In how many milliseconds; zero or negative: ever.</param>
    /// <param name="now">In milliseconds.</param>
    /// <returns>Whether it is granted.</returns>
    public bool MayRestart(int limit, int window, long now)
    {
        if (limit == 0)
        {
            return false;
        }

        if (window <= 0)
        {
            return limit < 0 || ++_count <= limit;
        }

        _windowStart ??= now;
        if (now - _windowStart > window)
        {
            _windowStart = now;
            _count = 0;
        }

        return ++_count <= Math.Max(1, limit);
    }
}
