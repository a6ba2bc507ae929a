namespace Broker.Engine;

/// <summary>
/// For what others can make happen as often as they like: of each kind the first is said, and then one for each interval, with how many were left out.
/// </summary>
/// <param name="write">Takes what is said.</param>
/// <param name="interval">Between two of a kind.</param>
/// <param name="now">A clock that nobody sets.</param>
internal sealed class SparseLog(Action<string> write, TimeSpan interval, Func<TimeSpan> now)
{
    private const int MaxKinds = 1000;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, (TimeSpan SaidAt, long LeftOut)> _kinds = [];

    /// <summary>How many it remembers.</summary>
    public int Kinds => _kinds.Count;

    public void Say(string kind, string text)
    {
        long leftOut;
        lock (_gate)
        {
            var time = now();
            if (_kinds.TryGetValue(kind, out var last) && time - last.SaidAt < interval)
            {
                _kinds[kind] = (last.SaidAt, last.LeftOut + 1);
                return;
            }

            // An address that is gone for good leaves its kind; they are forgotten together.
            if (_kinds.Count >= MaxKinds)
            {
                _kinds.Clear();
            }

            _kinds[kind] = (time, 0);
            leftOut = last.LeftOut;
        }

        write(leftOut == 0 ? text : $"{text} ({leftOut} more like it since it was last said)");
    }

    /// <summary>The next of the kind is said again: what it was about has passed.</summary>
    public void Forget(string kind)
    {
        lock (_gate)
        {
            _kinds.Remove(kind);
        }
    }
}
