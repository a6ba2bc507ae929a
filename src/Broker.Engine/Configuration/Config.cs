using Broker.Hocon;

namespace Broker.Engine;

/// <summary>
/// Settings in HOCON, over those they fall back to. What is not there is the default given; what is there and cannot be read
/// as what is asked for is an error that names its place.
/// </summary>
public class Config
{
    /// <summary>No settings.</summary>
    public static readonly Config Empty = new(values: null, fallback: null);

    private readonly HoconObject? _values;
    private readonly Config? _fallback;

    internal Config(HoconObject? values, Config? fallback)
    {
        _values = values;
        _fallback = fallback;
    }

    /// <summary>Whether there is no setting at all.</summary>
    public virtual bool IsEmpty => _values is not { Count: > 0 } && (_fallback?.IsEmpty ?? true);

    /// <summary>The names at the top, this config's first.</summary>
    internal IEnumerable<string> Keys => (_values?.Keys ?? []).Concat(_fallback?.Keys ?? []).Distinct();

    /// <summary>This config, and what it does not say from <paramref name="fallback"/>.</summary>
    public virtual Config WithFallback(Config fallback)
    {
        ArgumentNullException.ThrowIfNull(fallback);
        return new Config(_values, _fallback is null ? fallback : _fallback.WithFallback(fallback));
    }

    /// <summary>The settings below a path; none if there is nothing.</summary>
    public virtual Config GetConfig(string path) => new(Find(path)?.AsObject(), _fallback?.GetConfig(path));

    /// <summary>Whether something is set at a path.</summary>
    public virtual bool HasPath(string path) => Lookup(path) is not null;

    /// <summary>A text.</summary>
    public virtual string? GetString(string path, string? @default = null) => Lookup(path)?.AsString() ?? @default;

    /// <summary>A whole number of 32 bits.</summary>
    public virtual int GetInt(string path, int @default = 0) => Lookup(path)?.AsInt() ?? @default;

    /// <summary>A whole number of 64 bits.</summary>
    public virtual long GetLong(string path, long @default = 0) => Lookup(path)?.AsLong() ?? @default;

    /// <summary>A number.</summary>
    public virtual double GetDouble(string path, double @default = 0) => Lookup(path)?.AsDouble() ?? @default;

    /// <summary>on, off, true, false, yes or no.</summary>
    public virtual bool GetBoolean(string path, bool @default = false) => Lookup(path)?.AsBoolean() ?? @default;

    /// <summary>A duration such as <c>5s</c>; <c>infinite</c> is <see cref="Timeout.InfiniteTimeSpan"/> where allowed.</summary>
    public virtual TimeSpan GetTimeSpan(string path, TimeSpan? @default = null, bool allowInfinite = true) => Lookup(path) switch
    {
        null => @default ?? TimeSpan.Zero,
        HoconScalar { Text: "infinite" } when allowInfinite => Timeout.InfiniteTimeSpan,
        var value => value.AsDuration(),
    };

    /// <summary>A size in bytes such as <c>64KiB</c>.</summary>
    public virtual long? GetByteSize(string path, long? def = null) => Lookup(path)?.AsSize() ?? def;

    /// <summary>A list of texts; empty if there is none.</summary>
    public virtual IList<string> GetStringList(string path) => [.. Lookup(path)?.AsStringList() ?? []];

    /// <inheritdoc/>
    public override string ToString() => _values?.ToHocon() ?? "";

    private HoconValue? Find(string path) => _values is not null && _values.TryGet(path, out var value) ? value : null;

    private HoconValue? Lookup(string path) => Find(path) ?? _fallback?.Lookup(path);
}
