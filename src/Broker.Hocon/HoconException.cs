namespace Broker.Hocon;

/// <summary>The only error of the reader: what is wrong and where. Its message starts with <c>file:line:col: </c>, if known.</summary>
public sealed class HoconException : Exception
{
    /// <summary>Reports <paramref name="problem"/> at <paramref name="origin"/>; <c>default</c> stands for an unknown place.</summary>
    public HoconException(HoconOrigin origin, string problem, Exception? inner = null)
        : base(origin.File is null ? problem : $"{origin}: {problem}", inner)
    {
        Origin = origin;
        Source = origin.File ?? "";
    }

    /// <summary>The place. Its file is also <see cref="Exception.Source"/>.</summary>
    public HoconOrigin Origin { get; }

    /// <summary>Line, counted from 1; 0 when there is none.</summary>
    public int Line => Origin.Line;

    /// <summary>Column, counted from 1; 0 when there is none.</summary>
    public int Column => Origin.Column;

    /// <summary>A substitution came back to itself: for an optional one that is no error, but a missing value.</summary>
    internal bool IsCycle { get; init; }
}
