using Broker.Actors.Rich.Protocol;

namespace Broker.Actors.Rich;

/// <summary>A command that is to be answered: once, or never where it has no id. From any thread.</summary>
internal sealed class Request(uint id, RichOutput output, FrameShare frame)
{
    public uint Id => id;

    public void Answer(Action<RichWriter> write)
    {
        output.Write(write);
        Done();
    }

    public void Refuse(RichError error)
    {
        if (id > 0) output.Write(to => to.Error(id, error));
        Done();
    }

    /// <summary>It needs no answer from here on.</summary>
    public void Done() => frame.Done();
}
