namespace Broker.Hocon;

/// <summary>
/// A value after substitution: an object, a list, or a scalar whose text is kept as written until it is asked for as something.
/// What it cannot be asked for is a <see cref="HoconException"/> that names place, path, value and what is allowed.
/// </summary>
public abstract class HoconValue
{
    private readonly KeyPath _path;

    private protected HoconValue(HoconOrigin origin, KeyPath path) => (Origin, _path) = (origin, path);

    /// <summary>Where it was written.</summary>
    public HoconOrigin Origin { get; }

    /// <summary>Full path such as <c>broker.redis.connection</c>; empty for the root.</summary>
    public string Path => _path.ToString();

    /// <summary>Levels of values below and including this.</summary>
    internal abstract int Depth { get; }

    /// <summary>The text of a string, number or boolean.</summary>
    public virtual string AsString() => throw Expected("a string");

    /// <summary><c>true</c>, <c>on</c>, <c>yes</c> or <c>false</c>, <c>off</c>, <c>no</c>.</summary>
    public virtual bool AsBoolean() => throw Expected("true or false");

    /// <summary>A whole number of 32 bits.</summary>
    public virtual int AsInt() => throw Expected("a whole number");

    /// <summary>A whole number of 64 bits.</summary>
    public virtual long AsLong() => throw Expected("a whole number");

    /// <summary>A finite number.</summary>
    public virtual double AsDouble() => throw Expected("a number");

    /// <summary>A number with a unit from <c>ns</c> to <c>d</c>, or its long name; milliseconds without one.</summary>
    public virtual TimeSpan AsDuration() => throw Expected("a duration such as 30s");

    /// <summary>Bytes: a number with a unit such as <c>kB</c> (1000) or <c>K</c>, <c>KiB</c> (1024); bytes without one.</summary>
    public virtual long AsSize() => throw Expected("a size in bytes such as 64KiB");

    /// <summary>The items of a list.</summary>
    public virtual IReadOnlyList<HoconValue> AsList() => throw Expected("a list");

    /// <summary>The items of a list, each of which is a string.</summary>
    public IReadOnlyList<string> AsStringList() => [.. AsList().Select(item => item.AsString())];

    /// <summary>This value if it is an object.</summary>
    public virtual HoconObject AsObject() => throw Expected("an object");

    /// <summary>The same value at another place of the tree.</summary>
    internal abstract HoconValue At(KeyPath path, Action<long> spend);

    /// <summary>"an object", "a list" or "a string", for errors.</summary>
    internal abstract string Kind { get; }

    /// <summary>How an error shows the value that was found.</summary>
    private protected virtual string Described => Kind;

    private protected HoconException Expected(string what)
    {
        var path = Path;
        return new HoconException(Origin, $"{(path.Length > 0 ? path + ": " : "")}expected {what}, found {Described}");
    }
}
