using Broker.Hocon;

namespace Broker.Actors.Settings;

/// <summary>What a setting allows, beyond its type. Errors name the place, the value and what is allowed.</summary>
public static class HoconChecks
{
    /// <summary>One of a few words.</summary>
    public static string OneOf(this HoconValue value, params ReadOnlySpan<string> allowed)
    {
        var text = value.AsString();
        return allowed.Contains(text) ? text : throw Wrong(value, $"'{text}' is not one of: {string.Join(", ", allowed.ToArray())}");
    }

    /// <summary>A whole number with a lower bound.</summary>
    public static int IntAtLeast(this HoconValue value, int least)
    {
        var number = value.AsInt();
        return number >= least ? number : throw Wrong(value, $"{number} is less than {least}");
    }

    /// <summary>A size in bytes with a lower bound, that fits an int.</summary>
    public static int SizeAtLeast(this HoconValue value, int least)
    {
        var size = value.AsSize();
        return size >= least && size <= int.MaxValue ? (int)size : throw Wrong(value, $"{size} bytes is not between {least} and {int.MaxValue}");
    }

    /// <summary>A duration with a lower bound.</summary>
    public static TimeSpan DurationAtLeast(this HoconValue value, TimeSpan least)
    {
        var duration = value.AsDuration();
        return duration >= least ? duration : throw Wrong(value, $"{duration} is less than {least}");
    }

    /// <summary>A time that something waits for, or nothing.</summary>
    public static TimeSpan Delay(this HoconValue value) => value.DurationAtLeast(TimeSpan.Zero);

    /// <summary>A time after which something comes again: a timer has no other.</summary>
    public static TimeSpan Period(this HoconValue value) => value.DurationAtLeast(TimeSpan.FromMilliseconds(1));

    /// <summary>No keys but these, for objects that the reference does not spell out.</summary>
    public static void OnlyKeys(this HoconObject value, params ReadOnlySpan<string> allowed)
    {
        foreach (var key in value.Keys)
            if (!allowed.Contains(key)) throw Wrong(value[key], $"unknown setting; known here: {string.Join(", ", allowed.ToArray())}");
    }

    /// <summary>The error for a value that has the right type and is wrong all the same.</summary>
    public static HoconException Wrong(HoconValue value, string problem) => new(value.Origin, $"{value.Path}: {problem}");
}
