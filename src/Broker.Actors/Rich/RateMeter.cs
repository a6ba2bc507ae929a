namespace Broker.Actors.Rich;

/// <summary>
/// How fast one client does something: so much in a second, and twice of it at once after a rest. Decides with the time that it is given.
/// </summary>
/// <param name="rate">Of a second; 0: any.</param>
internal struct RateMeter(int rate)
{
    private double _left = 2.0 * rate;
    private TimeSpan _at;

    /// <summary>Takes as much, if there is as much.</summary>
    public bool TryTake(long amount, TimeSpan now)
    {
        if (rate == 0) return true;

        _left = Math.Min(2.0 * rate, _left + (rate * Math.Max(0, (now - _at).TotalSeconds)));
        _at = now;

        // What is more than all of it passes when there is all of it: its size has a limit of its own.
        var taken = Math.Min(amount, 2.0 * rate);
        if (_left < taken) return false;

        _left -= taken;
        return true;
    }
}
