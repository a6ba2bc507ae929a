using System.Buffers;
using Broker.Actors.Presence;
using Broker.Actors.Rich;
using Broker.Actors.Rich.Protocol;

namespace Broker.Actors.Tests.Rich;

public sealed class RichFramingTests
{
    // There was one place for all framings: with watchers of two kinds on a channel each one's change was encoded anew, and each outbox held a copy of its own.
    [Fact]
    public void Who_came_and_went_is_encoded_once_for_each_framing_in_whatever_order_its_watchers_are_told()
    {
        var change = new MembersChange([new MemberChange(new ClientInfo("john", "1", default, default), true)]);
        var (lines, events) = (new Lines(), EventFraming.Instance);
        var (line, @event) = (lines.Members("broadcast:x", change), events.Members("broadcast:x", change));

        Assert.Equal(line, lines.Members("broadcast:x", change));
        Assert.Equal(@event, events.Members("broadcast:x", change));
        Assert.NotEqual(line.ToArray(), @event.ToArray());
        Assert.NotEqual(line, lines.Members("broadcast:x", new MembersChange(change.Changes)));
    }

    private sealed class Lines() : RichFraming(RichEncoding.Json)
    {
        public override void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> written) => output.Write(written);
    }
}
