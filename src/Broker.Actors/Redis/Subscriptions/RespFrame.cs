using System.Runtime.CompilerServices;

namespace Broker.Actors.Redis.Subscriptions;

internal enum RespKind { Simple, Error, Number, Bulk, Nil }

/// <summary>
/// One reply: a value, or an array of up to four values, which is all that a subscription connection answers. It points into the reader's buffer and is
/// good until the reader is used again.
/// </summary>
internal struct RespFrame
{
    public const int MaxItems = 4;

    private readonly byte[] _buffer;
    private Items _items;

    public RespFrame(byte[] buffer, bool isArray)
    {
        _buffer = buffer;
        IsArray = isArray;
    }

    public bool IsArray { get; }

    public int Count { get; private set; }

    public readonly RespKind Kind(int item) => _items[item].Kind;

    public readonly long Number(int item) => _items[item].Number;

    public readonly ReadOnlySpan<byte> Bytes(int item) => _buffer.AsSpan(_items[item].Start, _items[item].Length);

    /// <summary>The whole frame is one error.</summary>
    public readonly bool IsError => !IsArray && Count == 1 && _items[0].Kind == RespKind.Error;

    public void Add(RespKind kind, int start, int length, long number) => _items[Count++] = new Item(kind, start, length, number);

    private readonly record struct Item(RespKind Kind, int Start, int Length, long Number);

    [InlineArray(MaxItems)]
    private struct Items
    {
        private Item _first;
    }
}
