using System.Security;
using System.Text;

namespace Broker.Hocon.Syntax;

/// <summary>Reads the files of one document. Knows which of them are open, so that a circle of includes ends with an error.</summary>
internal sealed class SourceFiles
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Stack<string> _open = new();
    private int _files;
    private int _bytes;

    /// <summary>The text of a file, or null when there is none. Each text is to be closed.</summary>
    public string? Open(string path, HoconOrigin reader)
    {
        if (++_files > Limits.Files)
            throw new HoconException(reader, $"more than {Limits.Files} includes");

        try
        {
            var text = Utf8.GetString(Read(path, reader));
            Remember(Path.GetFullPath(path), reader);
            return text;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (DecoderFallbackException e)
        {
            throw new HoconException(reader, $"cannot read {path}: it is not UTF-8", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or SecurityException or ArgumentException
            or NotSupportedException)
        {
            throw new HoconException(reader, $"cannot read {path}: {e.Message}", e);
        }
    }

    public void Close() => _open.Pop();

    private void Remember(string path, HoconOrigin reader)
    {
        if (_open.Contains(path))
            throw new HoconException(reader, $"includes go in a circle: {string.Join(" → ", _open.Reverse().Append(path))}");

        if (_open.Count > Limits.IncludeDepth)
            throw new HoconException(reader, $"more than {Limits.IncludeDepth} files include each other");

        _open.Push(path);
    }

    private byte[] Read(string path, HoconOrigin reader)
    {
        using var file = File.OpenRead(path);
        using var content = new MemoryStream();
        var chunk = new byte[16 * 1024];

        // Not by the file's length: a device has none and never ends.
        while (file.Read(chunk) is var count and > 0)
        {
            _bytes += count;
            if (_bytes > Limits.Bytes)
                throw new HoconException(reader, $"cannot read {path}: all files together are limited to {Limits.Bytes / 1024 / 1024} MiB");

            content.Write(chunk, 0, count);
        }

        return content.ToArray();
    }
}
