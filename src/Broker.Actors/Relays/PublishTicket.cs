using Broker.Actors.Channels;

namespace Broker.Actors.Relays;

/// <summary>Why a publish did not take place.</summary>
public enum PublishFailure
{
    /// <summary>Redis or the channel's owner is not there. Nothing was published.</summary>
    Unavailable,

    /// <summary>Redis, the owner or the node was lost while it was published: it may have been carried out. A repeat with the same publish id is safe (channels with history).</summary>
    Unknown,

    /// <summary>More waits to be published than the node holds.</summary>
    Busy,
}

/// <summary>How a publish ended: exactly one of the two is set, but a channel without history has no position.</summary>
internal readonly record struct PublishResult(StreamPosition? Position, PublishFailure? Failure);

/// <summary>Who wants to know how a publish ended. Told once for each channel that it was published on, on that relay's thread; must only hand over.</summary>
internal abstract class PublishTicket
{
    /// <summary>Of one who has been told already that nobody knows.</summary>
    public static readonly PublishTicket GivenUp = new NobodysTicket();

    public abstract void Done(PublishResult result);

    private sealed class NobodysTicket : PublishTicket
    {
        public override void Done(PublishResult result)
        {
        }
    }
}

/// <summary>For code that awaits.</summary>
internal sealed class AwaitedTicket : PublishTicket
{
    private readonly TaskCompletionSource<PublishResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<PublishResult> Result => _result.Task;

    public override void Done(PublishResult result) => _result.TrySetResult(result);
}
