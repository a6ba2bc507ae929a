using System.Buffers;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Rich.Protocol;

namespace Broker.Actors.Rich;

/// <summary>Where a rich client's replies and pushes go: framed, into its outbox. From any thread.</summary>
internal sealed class RichOutput(Outbox outbox, RichFraming framing)
{
    public RichFraming Framing => framing;

    /// <summary>One reply or push.</summary>
    public void Write(Action<RichWriter> write) => Offer(framing.Frame(write));

    public void Write(IReadOnlyList<Publication> publications, bool withOffset)
    {
        if (publications.Count == 0) return;

        var frames = new ArrayBufferWriter<byte>();
        foreach (var publication in publications) framing.Publications(withOffset).Encode(publication, frames);
        Offer(frames.WrittenMemory);
    }

    /// <summary>Whole frames.</summary>
    public void Offer(ReadOnlyMemory<byte> frames) => outbox.Offer(frames);

    /// <param name="frames">Whole ones.</param>
    /// <param name="unwritten">See <see cref="Outbox.Offer(int, List{Outbox}, ReadOnlySpan{FrameSlice})"/>.</param>
    public void Offer(FrameSlice frames, List<Outbox>? unwritten) => outbox.Offer(-1, unwritten, frames);
}
