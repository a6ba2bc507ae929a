namespace Broker.Hocon.Units;

/// <summary>Sizes in bytes of the HOCON specification: one letter means powers of 1024, as in <c>java -Xmx2G</c>.</summary>
internal static class ByteSize
{
    public const string Allowed = "units B, kB, MB, GB, TB of 1000; K, M, G, T or KiB, MiB, GiB, TiB of 1024; a number alone means bytes";

    public static bool TryParse(string text, out long bytes)
    {
        bytes = 0;
        if (!Quantity.TryParse(text, out var number, out var unit) || Factor(unit) is not { } factor)
            return false;

        if (number < 0 || number > long.MaxValue / factor)
            return false;

        bytes = (long)(number * factor);
        return true;
    }

    private static decimal? Factor(string unit) => unit switch
    {
        "" or "B" or "b" or "byte" or "bytes" => 1,
        "kB" or "KB" or "kilobyte" or "kilobytes" => 1e3m,
        "MB" or "megabyte" or "megabytes" => 1e6m,
        "GB" or "gigabyte" or "gigabytes" => 1e9m,
        "TB" or "terabyte" or "terabytes" => 1e12m,
        "PB" or "petabyte" or "petabytes" => 1e15m,
        "EB" or "exabyte" or "exabytes" => 1e18m,
        "K" or "k" or "Ki" or "KiB" or "kibibyte" or "kibibytes" => 1L << 10,
        "M" or "m" or "Mi" or "MiB" or "mebibyte" or "mebibytes" => 1L << 20,
        "G" or "g" or "Gi" or "GiB" or "gibibyte" or "gibibytes" => 1L << 30,
        "T" or "t" or "Ti" or "TiB" or "tebibyte" or "tebibytes" => 1L << 40,
        "P" or "p" or "Pi" or "PiB" or "pebibyte" or "pebibytes" => 1L << 50,
        "E" or "e" or "Ei" or "EiB" or "exbibyte" or "exbibytes" => 1L << 60,
        _ => null,
    };
}
