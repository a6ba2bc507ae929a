using System.Buffers;
using Broker.Actors.Rich.Protocol;

namespace Broker.Actors.Rich;

/// <summary>A command that is to be answered: once, or never where it has no id. From any thread.</summary>
internal sealed class Request(uint id, RichOutput output, FrameShare frame)
{
    public uint Id => id;

    public void Answer(Action<IBufferWriter<byte>> line)
    {
        output.Write(line);
        Done();
    }

    public void Refuse(RichError error)
    {
        if (id > 0) output.Write(line => RichWriter.Error(line, id, error));
        Done();
    }

    /// <summary>It needs no answer from here on.</summary>
    public void Done() => frame.Done();
}
