using Broker.Actors.Audiences;

namespace Broker.Host.Policy;

/// <summary>
/// An application's own decision on what a client may do on a facility (ws4redis's allowed-channels callback). Register it in the services; it may be scoped. Asked before
/// the websocket is opened, and for each <c>POST /publish</c>, whatever <c>broker.access</c> is.
/// </summary>
/// <remarks>
/// <para><c>broker.rules</c> are a fence around it: words that a rule denies are not asked for any more, and a rule that refuses has refused. For all others this decides,
/// instead of what holds without a policy.</para>
/// <para>Fail closed: one that throws, or takes longer than <c>broker.callback-timeout</c>, refuses the client with 403; the client sees nothing of the exception. The
/// <see cref="HttpContext"/> must not be used after the cancellation.</para>
/// </remarks>
public interface IChannelPolicy
{
    /// <summary>Decides on one request.</summary>
    ValueTask<ChannelDecision> DecideAsync(ChannelRequest request, CancellationToken cancellation);
}

/// <summary>What a client asks for.</summary>
/// <param name="Caller">Who it is.</param>
/// <param name="Http">The request.</param>
/// <param name="Facility">Of the URL; any text.</param>
/// <param name="Words">The words that it asks for, such as <c>subscribe-user</c>; may be empty. <c>echo</c> is none of them.</param>
public sealed record ChannelRequest(Caller Caller, HttpContext Http, string Facility, IReadOnlyList<string> Words);

/// <summary>What a client is given: some of the words that it asked for, or a refusal.</summary>
public sealed record ChannelDecision
{
    private ChannelDecision(IReadOnlySet<string> words, string? refusal)
    {
        Words = words;
        Refusal = refusal;
    }

    /// <summary>What is allowed. Words that were not asked for do not count.</summary>
    public IReadOnlySet<string> Words { get; }

    /// <summary>The text of the 403 that the client gets; null when it is not refused.</summary>
    public string? Refusal { get; }

    /// <summary>Allows these words; the others are dropped, and the client is not told.</summary>
    public static ChannelDecision Allow(params IEnumerable<string> words) => new(words.ToHashSet(), null);

    /// <summary>Does not let the client in: HTTP 403 with this text, which it sees.</summary>
    public static ChannelDecision Refuse(string message) => new(new HashSet<string>(), message);
}
