using System.Text;
using Broker.Actors.Audiences;
using Broker.Actors.Channels;
using Broker.Actors.Redis;
using Broker.Actors.Settings;

namespace Broker.Actors.Publishing;

/// <summary>
/// Publishes on one facility to some audiences. Immutable; may be kept and used by many threads.
/// </summary>
/// <example><code>await node.Publisher("chat", Audience.Users("john"), Audience.Groups("staff")).PublishAsync("hello");</code></example>
public sealed class Publisher
{
    private readonly IPublishTarget _target;
    private readonly BrokerSettings _settings;
    private readonly string _facility;
    private readonly IReadOnlyList<Audience> _audiences;
    private readonly Caller? _caller;

    internal Publisher(IPublishTarget target, BrokerSettings settings, string facility, IReadOnlyList<Audience> audiences, Caller? caller = null)
    {
        _target = target;
        _settings = settings;
        _facility = facility;
        _audiences = audiences;
        _caller = caller;
    }

    /// <summary>The same publisher on behalf of a caller: gives <see cref="Audience.Self"/> its meaning.</summary>
    public Publisher For(Caller caller) => new(_target, _settings, _facility, _audiences, caller);

    /// <summary>Publishes a text as UTF-8. See the other overload.</summary>
    public Task<IReadOnlyList<Published>> PublishAsync(string message, int? expire = null, string? publishId = null, CancellationToken cancellation = default) =>
        PublishAsync(Encoding.UTF8.GetBytes(message), expire, publishId, cancellation);

    /// <summary>
    /// Publishes to every channel of the audiences under one publish id: a connection that subscribes to several of them gets it once.
    /// </summary>
    /// <param name="message">The payload, at most <c>broker.max-message</c> bytes.</param>
    /// <param name="expire">Seconds that it stays the channels' last message; 0 or less: it is not kept. <c>broker.expire</c> by default.</param>
    /// <param name="publishId">Makes a repeat harmless on channels with history: as long as they hold it, it is answered with the first one's position. A new one by default.</param>
    /// <param name="cancellation">Ends the waiting, not the publish.</param>
    /// <returns>Where it went: with history its position there, otherwise Redis has taken it.</returns>
    /// <exception cref="PublishException">It failed on at least one channel; the exception tells how, and where it succeeded.</exception>
    /// <exception cref="InvalidOperationException">An audience needs a caller (<see cref="For"/>).</exception>
    public async Task<IReadOnlyList<Published>> PublishAsync(
        ReadOnlyMemory<byte> message, int? expire = null, string? publishId = null, CancellationToken cancellation = default)
    {
        if (message.Length > _settings.MaxMessage) throw new PublishException(PublishProblem.TooLarge, []);
        if (_caller is null && _audiences.Any(audience => audience.NeedsCaller))
            throw new InvalidOperationException("Audience.Self needs a caller: publisher.For(caller)");

        var channels = _audiences.SelectMany(audience => audience.Channels(_caller ?? Caller.Anonymous, _facility)).Distinct().ToArray();
        var publication = new OutgoingPublication(
            message.ToArray(), publishId ?? Epochs.New() + Epochs.New(), null, expire ?? _settings.Expire, Shared: channels.Length > 1);

        var results = await Task.WhenAll(channels.Select(channel => _target.PublishAsync(channel, publication))).WaitAsync(cancellation);
        var published = new List<Published>();
        PublishProblem? problem = null;
        for (var i = 0; i < channels.Length; i++)
        {
            if (results[i].Failure is { } failure) problem = (PublishProblem)failure;
            else published.Add(new Published(channels[i], results[i].Position));
        }

        return problem is null ? published : throw new PublishException(problem.Value, published);
    }
}

/// <summary>A publication has been taken.</summary>
/// <param name="Channel">Where.</param>
/// <param name="Position">Its position, on a channel with history.</param>
public sealed record Published(ChannelName Channel, StreamPosition? Position);
