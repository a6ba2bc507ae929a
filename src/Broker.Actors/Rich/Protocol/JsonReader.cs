using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Unicode;
using Broker.Actors.Channels;

namespace Broker.Actors.Rich.Protocol;

/// <summary>
/// Reads the commands of one message of a client's: JSON objects, one after the other, with a newline or other white space of JSON between them. Data stays where it is: a
/// slice of the client's own bytes, as it was written.
/// </summary>
/// <remarks>
/// The message is taken whole or not at all. It is bad, and its client is closed with 3501, if it is empty, not UTF-8, not JSON (a byte order mark is none), deeper than
/// <see cref="Payloads.Depth"/>, or holds too many commands; if a known field has the wrong type (numbers are integers in plain digits, within their field's range); if a
/// command has several methods; and if one without id is neither a pong nor <c>send</c>. Unknown fields are passed over. Of a field that is there twice the last one counts. Null is a
/// field left out, except for data, where it is a value.
/// </remarks>
internal ref struct JsonReader
{
    /// <summary>The longest name of a field that is known, if each of its characters were written as an escape.</summary>
    private const int NameBytes = 6 * 15;

    private static readonly Dictionary<string, Resume> NoSubscriptions = [];

    private readonly ReadOnlyMemory<byte> _frame;
    private readonly Span<char> _name;
    private Utf8JsonReader _json;
    private bool _hasTooMany;

    private JsonReader(ReadOnlyMemory<byte> frame, Span<char> name)
    {
        _frame = frame;
        _name = name;
        _json = new Utf8JsonReader(frame.Span, new JsonReaderOptions { MaxDepth = Payloads.Depth, AllowMultipleValues = true });
    }

    /// <summary>False: the message is bad.</summary>
    /// <param name="frame">Kept by the commands: it must not be written to any more.</param>
    /// <param name="maxCommands">More in one message make it bad.</param>
    /// <param name="commands">At least one, in their order.</param>
    /// <param name="hasTooMany">That is why it is bad.</param>
    public static bool TryRead(ReadOnlyMemory<byte> frame, int maxCommands, [NotNullWhen(true)] out IReadOnlyList<Command>? commands, out bool hasTooMany)
    {
        (commands, hasTooMany) = (null, false);
        if (!Utf8.IsValid(frame.Span)) return false;

        var reader = new JsonReader(frame, stackalloc char[NameBytes]);
        try
        {
            commands = reader.ReadAll(maxCommands);
            return commands.Count > 0;
        }
        catch (Exception bad) when (bad is JsonException or InvalidOperationException)
        {
            // The second is a token of another type than its field's, or a string whose escapes are no text ("\ud800").
            hasTooMany = reader._hasTooMany;
            return false;
        }
    }

    private List<Command> ReadAll(int maxCommands)
    {
        var commands = new List<Command>(1);
        while (_json.Read())
        {
            _hasTooMany = commands.Count == maxCommands;
            if (_hasTooMany) throw new JsonException("too many commands");
            commands.Add(ReadCommand());
        }

        return commands;
    }

    private Command ReadCommand()
    {
        MustBeObject();
        uint id = 0;
        Command? command = null;
        var hasMore = false;
        while (NextField())
        {
            if (Name is "id")
            {
                id = UInt32();
                continue;
            }

            hasMore = true;
            if (ReadMethod() is not { } method) continue;
            if (command is not null && command.GetType() != method.GetType()) throw new JsonException("several methods");

            command = method;
        }

        return (id, command) switch
        {
            (_, Send) => command,
            (0, null) when !hasMore => new Pong(),
            (0, _) => throw new JsonException("a command without id"),
            (_, null) => new UnknownCommand(id),
            _ => command with { Id = id },
        };
    }

    /// <summary>The method in this field, as yet without id. Null: the field names none, or is left out.</summary>
    private Command? ReadMethod()
    {
        switch (Name)
        {
            case "connect": return HasObject() ? ReadConnect() : null;
            case "subscribe": return HasObject() ? ReadSubscribe() : null;
            case "unsubscribe": return HasObject() ? new Unsubscribe(0, ReadRequest().Channel) : null;
            case "publish": return HasObject() ? ReadPublish() : null;
            case "presence": return HasObject() ? new ReadPresence(0, ReadRequest().Channel) : null;
            case "presence_stats": return HasObject() ? new ReadPresenceStats(0, ReadRequest().Channel) : null;
            case "history": return HasObject() ? ReadHistory() : null;
            case "rpc": return HasObject() ? ReadRpc() : null;
            case "send": return HasObject() ? new Send(ReadRequest().Data) : null;
            case "refresh": return HasObject() ? new Refresh(0, ReadRequest().Token) : null;
            case "sub_refresh": return HasObject() ? ReadSubRefresh() : null;
            case "ping": return HasObject() ? ReadPing() : null;
            default:
                _json.Skip();
                return null;
        }
    }

    private Connect ReadConnect()
    {
        string token = "", name = "", version = "";
        ReadOnlyMemory<byte> data = default;
        var since = NoSubscriptions;
        while (NextField())
        {
            switch (Name)
            {
                case "token": token = Text(); break;
                case "name": name = Text(); break;
                case "version": version = Text(); break;
                case "data": data = Data(); break;
                case "subs": since = HasObject() ? ReadSubscriptions() : NoSubscriptions; break;
                default: _json.Skip(); break;
            }
        }

        return new Connect(0, token, data, name, version, since);
    }

    private Dictionary<string, Resume> ReadSubscriptions()
    {
        var subscriptions = new Dictionary<string, Resume>();
        while (NextField())
        {
            var channel = _json.GetString()!;
            subscriptions[channel] = HasObject() ? ReadSubscribe().Resume : default;
        }

        return subscriptions;
    }

    private Subscribe ReadSubscribe()
    {
        string channel = "", token = "", epoch = "";
        long offset = 0;
        bool recover = false, positioned = false, recoverable = false, joinLeave = false;
        ReadOnlyMemory<byte> data = default;
        while (NextField())
        {
            switch (Name)
            {
                case "channel": channel = Text(); break;
                case "token": token = Text(); break;
                case "recover": recover = Flag(); break;
                case "epoch": epoch = Text(); break;
                case "offset": offset = Offset(); break;
                case "data": data = Data(); break;
                case "positioned": positioned = Flag(); break;
                case "recoverable": recoverable = Flag(); break;
                case "join_leave": joinLeave = Flag(); break;
                default: _json.Skip(); break;
            }
        }

        return new Subscribe(0, channel, token, new Resume(recover, new StreamPosition(epoch, offset)), data, positioned, recoverable, joinLeave);
    }

    private Publish ReadPublish()
    {
        string channel = "", publishId = "";
        ReadOnlyMemory<byte> data = default;
        while (NextField())
        {
            switch (Name)
            {
                case "channel": channel = Text(); break;
                case "data": data = Data(); break;
                case "idempotency_key": publishId = Text(); break;
                default: _json.Skip(); break;
            }
        }

        return new Publish(0, channel, data, publishId);
    }

    private ReadHistory ReadHistory()
    {
        var channel = "";
        var limit = 0;
        StreamPosition? since = null;
        var reverse = false;
        while (NextField())
        {
            switch (Name)
            {
                case "channel": channel = Text(); break;
                case "limit": limit = Int32(); break;
                case "since": since = HasObject() ? ReadSubscribe().Resume.Position : null; break;
                case "reverse": reverse = Flag(); break;
                default: _json.Skip(); break;
            }
        }

        return new ReadHistory(0, channel, limit, since, reverse);
    }

    private Rpc ReadRpc()
    {
        var method = "";
        ReadOnlyMemory<byte> data = default;
        while (NextField())
        {
            switch (Name)
            {
                case "method": method = Text(); break;
                case "data": data = Data(); break;
                default: _json.Skip(); break;
            }
        }

        return new Rpc(0, method, data);
    }

    private SubRefresh ReadSubRefresh()
    {
        var (channel, token, _) = ReadRequest();
        return new SubRefresh(0, channel, token);
    }

    private Ping ReadPing()
    {
        ReadRequest();
        return new Ping(0);
    }

    /// <summary>What the smaller methods have.</summary>
    private (string Channel, string Token, ReadOnlyMemory<byte> Data) ReadRequest()
    {
        string channel = "", token = "";
        ReadOnlyMemory<byte> data = default;
        while (NextField())
        {
            switch (Name)
            {
                case "channel": channel = Text(); break;
                case "token": token = Text(); break;
                case "data": data = Data(); break;
                default: _json.Skip(); break;
            }
        }

        return (channel, token, data);
    }

    /// <summary>The present field's name; empty for one that is too long to be known.</summary>
    private readonly ReadOnlySpan<char> Name => _json.ValueSpan.Length <= NameBytes ? _name[.._json.CopyString(_name)] : default;

    /// <summary>Goes to the next field of an object; false at its end.</summary>
    private bool NextField() => _json.Read() && _json.TokenType == JsonTokenType.PropertyName;

    /// <summary>Goes from a field's name into its object; false where the field is left out.</summary>
    private bool HasObject()
    {
        if (IsNull()) return false;
        MustBeObject();
        return true;
    }

    private readonly void MustBeObject()
    {
        if (_json.TokenType != JsonTokenType.StartObject) throw new JsonException("not an object");
    }

    // From here on: from a field's name to its value.

    private bool IsNull() => _json.Read() && _json.TokenType == JsonTokenType.Null;

    private string Text() => IsNull() ? "" : _json.GetString()!;

    private bool Flag() => !IsNull() && _json.GetBoolean();

    private uint UInt32() => IsNull() ? 0 : _json.TryGetUInt32(out var number) ? number : throw new JsonException("not a uint32");

    private int Int32() => IsNull() ? 0 : _json.TryGetInt32(out var number) ? number : throw new JsonException("not an int32");

    /// <summary>The protocol's offsets have 64 bits without a sign; the upper half of them is from the future, and stays there.</summary>
    private long Offset() => IsNull() ? 0 : _json.TryGetUInt64(out var number) ? (long)Math.Min(number, long.MaxValue) : throw new JsonException("not a uint64");

    private ReadOnlyMemory<byte> Data()
    {
        _json.Read();
        var start = (int)_json.TokenStartIndex;
        _json.Skip();
        return _frame[start..(int)_json.BytesConsumed];
    }
}
