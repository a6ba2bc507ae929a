using Broker.Actors.Audiences;
using Broker.Actors.Channels;

namespace Broker.Host.Policy;

/// <summary>What a word in a websocket's URL asks for.</summary>
public enum WordUse
{
    /// <summary>To receive what is published on its channels.</summary>
    Subscribe,

    /// <summary>That the client's messages go to its channels.</summary>
    Publish,
}

/// <summary>A word that a client may put into the query of its URL, such as <c>subscribe-user</c>.</summary>
/// <param name="Name">Lower case, not empty, and not <c>echo</c>.</param>
/// <param name="Use">What it asks for.</param>
public sealed record AudienceWord(string Name, WordUse Use);

/// <summary>
/// The words of URLs, and which channels each means for a caller and a facility. Broker's own are ws4redis's eight; register another in the services to replace
/// them (what <c>WS4REDIS_SUBSCRIBER</c> was for).
/// </summary>
public interface IAudienceWords
{
    /// <summary>All words, in the order in which the last messages are replayed. Read once, at the start.</summary>
    IReadOnlyList<AudienceWord> Words { get; }

    /// <summary>The channels of an allowed word. One that throws, or takes longer than <c>broker.callback-timeout</c>, denies the client.</summary>
    /// <returns>Empty: the caller has no such audience; the word counts as not allowed. Never a channel that strangers share by accident.</returns>
    ValueTask<IReadOnlyList<ChannelName>> ChannelsAsync(AudienceWord word, Caller caller, string facility, CancellationToken cancellation);
}
