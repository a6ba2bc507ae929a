namespace Broker.Hocon.Units;

/// <summary>Durations of the HOCON specification.</summary>
internal static class Duration
{
    public const string Allowed = "units ns, us, ms, s, m, h, d; a number alone means milliseconds";

    public static bool TryParse(string text, out TimeSpan duration)
    {
        duration = default;
        if (!Quantity.TryParse(text, out var number, out var unit) || Ticks(unit) is not { } ticks)
            return false;

        if (Math.Abs(number) > TimeSpan.MaxValue.Ticks / ticks)
            return false;

        duration = new TimeSpan((long)(number * ticks));
        return true;
    }

    private static decimal? Ticks(string unit) => unit switch
    {
        "ns" or "nano" or "nanos" or "nanosecond" or "nanoseconds" => 0.01m,
        "us" or "micro" or "micros" or "microsecond" or "microseconds" => TimeSpan.TicksPerMicrosecond,
        "" or "ms" or "milli" or "millis" or "millisecond" or "milliseconds" => TimeSpan.TicksPerMillisecond,
        "s" or "second" or "seconds" => TimeSpan.TicksPerSecond,
        "m" or "minute" or "minutes" => TimeSpan.TicksPerMinute,
        "h" or "hour" or "hours" => TimeSpan.TicksPerHour,
        "d" or "day" or "days" => TimeSpan.TicksPerDay,
        _ => null,
    };
}
