using Broker.Actors.Relays;

namespace Broker.Actors.Publishing;

/// <summary>Why a publish failed.</summary>
public enum PublishProblem
{
    /// <summary>Redis, or the channel's owner, cannot be reached. Try again later; with the same publish id that is safe.</summary>
    Unavailable = PublishFailure.Unavailable,

    /// <summary>Redis, the owner or the node was lost while it was published: it may have been carried out. A repeat with the same publish id is safe (channels with history).</summary>
    Unknown = PublishFailure.Unknown,

    /// <summary>More waits to be published than this node holds. Try again later.</summary>
    Busy = PublishFailure.Busy,

    /// <summary>The payload is larger than <c>broker.max-message</c>.</summary>
    TooLarge = 100,

    /// <summary>The application's publish handler refused it.</summary>
    Refused,
}

/// <summary>A publish failed on at least one of its channels.</summary>
public sealed class PublishException(PublishProblem problem, IReadOnlyList<Published> published)
    : Exception($"publishing failed: {problem.ToString().ToLowerInvariant()}")
{
    /// <summary>What went wrong.</summary>
    public PublishProblem Problem { get; } = problem;

    /// <summary>Where it succeeded all the same.</summary>
    public IReadOnlyList<Published> Published { get; } = published;
}
