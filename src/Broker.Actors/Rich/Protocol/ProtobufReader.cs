using System.Diagnostics.CodeAnalysis;
using Broker.Actors.Channels;
using Google.Protobuf;
using Method = Broker.Actors.Rich.Protocol.Wire.Command.MethodOneofCase;

namespace Broker.Actors.Rich.Protocol;

/// <summary>Reads the commands of one message of a client's: each one of protobuf, after its length. Data is any bytes.</summary>
/// <remarks>
/// The message is taken whole or not at all. It is bad, and its client is closed with 3501, if it is empty or cut, if a length is not within it, if what is there is no protobuf, or if it holds
/// too many commands; if a command that has a method has no id, but for <c>send</c>; and if one connects and has another method. Unknown fields are passed over. Of a field that is there twice, and of other
/// methods, the last one counts.
/// </remarks>
internal static class ProtobufReader
{
    /// <summary>A varint of 32 bits.</summary>
    private const int LengthBytes = 5;

    // Not kept: nobody asks for them.
    private static readonly MessageParser<Wire.Command> Parser = Wire.Command.Parser.WithDiscardUnknownFields(true);

    /// <inheritdoc cref="RichEncoding.TryRead"/>
    public static bool TryRead(ReadOnlyMemory<byte> message, int maxCommands, [NotNullWhen(true)] out IReadOnlyList<Command>? commands, out bool hasTooMany)
    {
        (commands, hasTooMany) = (null, false);
        var read = new List<Command>(1);
        for (var rest = message.Span; !rest.IsEmpty;)
        {
            hasTooMany = read.Count == maxCommands;
            if (hasTooMany || !TryTake(ref rest, out var bytes) || Read(bytes) is not { } command) return false;

            read.Add(command);
        }

        commands = read;
        return read.Count > 0;
    }

    /// <summary>Takes one command's bytes from the front.</summary>
    private static bool TryTake(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> command)
    {
        command = default;
        ulong length = 0;
        for (var i = 0; i < Math.Min(LengthBytes, rest.Length); i++)
        {
            length |= (ulong)(rest[i] & 0x7F) << (7 * i);
            if (rest[i] > 0x7F) continue;

            rest = rest[(i + 1)..];
            if (length > (ulong)rest.Length) return false;

            command = rest[..(int)length];
            rest = rest[(int)length..];
            return true;
        }

        return false;
    }

    /// <summary>Null for what is none.</summary>
    private static Command? Read(ReadOnlySpan<byte> command)
    {
        try
        {
            return CommandOf(Parser.ParseFrom(command));
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private static Command? CommandOf(Wire.Command command)
    {
        if (command.Connect is not { } connect) return MethodOf(command);
        return command is { Id: > 0, MethodCase: Method.None } ? ConnectOf(command.Id, connect) : null;
    }

    private static Command? MethodOf(Wire.Command command) => command.MethodCase switch
    {
        Method.None => command.Id == 0 ? new Pong() : new UnknownCommand(command.Id),
        Method.Send => new Send(command.Send.Data.Memory),
        _ when command.Id == 0 => null,
        Method.Subscribe => SubscribeOf(command.Id, command.Subscribe),
        Method.Unsubscribe => new Unsubscribe(command.Id, command.Unsubscribe.Channel),
        Method.Publish => new Publish(command.Id, command.Publish.Channel, command.Publish.Data.Memory, PublishId: ""),
        Method.Presence => new ReadPresence(command.Id, command.Presence.Channel),
        Method.PresenceStats => new ReadPresenceStats(command.Id, command.PresenceStats.Channel),
        Method.History => HistoryOf(command.Id, command.History),
        Method.Rpc => new Rpc(command.Id, command.Rpc.Method, command.Rpc.Data.Memory),
        Method.Refresh => new Refresh(command.Id, command.Refresh.Token),
        Method.SubRefresh => new SubRefresh(command.Id, command.SubRefresh.Channel, command.SubRefresh.Token),
        _ => new Ping(command.Id),
    };

    private static Connect ConnectOf(uint id, Wire.ConnectRequest connect)
    {
        var since = connect.Subs.ToDictionary(one => one.Key, one => ResumeOf(one.Value));
        return new Connect(id, connect.Token, connect.Data.Memory, connect.Name, connect.Version, since);
    }

    private static Subscribe SubscribeOf(uint id, Wire.SubscribeRequest subscribe) => new(
        id, subscribe.Channel, subscribe.Token, ResumeOf(subscribe), subscribe.Data.Memory, subscribe.Positioned, subscribe.Recoverable, subscribe.JoinLeave);

    private static ReadHistory HistoryOf(uint id, Wire.HistoryRequest history)
    {
        var since = history.Since is { } position ? At(position.Epoch, position.Offset) : default(StreamPosition?);
        return new ReadHistory(id, history.Channel, history.Limit, since, history.Reverse);
    }

    private static Resume ResumeOf(Wire.SubscribeRequest subscribe) => new(subscribe.Recover, At(subscribe.Epoch, subscribe.Offset));

    /// <summary>The protocol's offsets have 64 bits without a sign; the upper half of them is from the future, and stays there.</summary>
    private static StreamPosition At(string epoch, ulong offset) => new(epoch, (long)Math.Min(offset, long.MaxValue));
}
