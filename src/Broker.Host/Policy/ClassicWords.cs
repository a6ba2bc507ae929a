using Broker.Actors.Audiences;
using Broker.Actors.Channels;

namespace Broker.Host.Policy;

/// <summary>The eight words of ws4redis. A name with a colon has no channel: it would be somebody else's.</summary>
internal sealed class ClassicWords : IAudienceWords
{
    public const string PublishBroadcast = "publish-broadcast";

    /// <summary>
    /// To publish to another user. No word of a URL, which could not say to whom: a word of rules, and of the policy, for clients that name their channels.
    /// </summary>
    public static readonly AudienceWord PublishPeer = new("publish-peer", WordUse.Publish);

    private static readonly (string Name, Audience Audience)[] InReplayOrder =
    [
        ("broadcast", Audience.Broadcast),
        ("group", Audience.SelfGroups),
        ("user", Audience.SelfUser),
        ("session", Audience.SelfSession),
    ];

    private readonly Dictionary<AudienceWord, Audience> _audiences = [];

    public ClassicWords()
    {
        foreach (var (name, audience) in InReplayOrder)
        {
            _audiences.Add(new AudienceWord($"subscribe-{name}", WordUse.Subscribe), audience);
            _audiences.Add(new AudienceWord($"publish-{name}", WordUse.Publish), audience);
        }

        Words = [.. _audiences.Keys];
    }

    public IReadOnlyList<AudienceWord> Words { get; }

    public ValueTask<IReadOnlyList<ChannelName>> ChannelsAsync(AudienceWord word, Caller caller, string facility, CancellationToken cancellation) =>
        new(_audiences[word].Channels(caller, facility));
}
