using Broker.Actors.Channels;
using Broker.Host.Clients;
using Broker.Host.Identity;
using Broker.Host.WebSockets;

namespace Broker.Host.Policy;

/// <summary>The channels that a client may use, in the order that replays take.</summary>
internal sealed record Grant(IReadOnlyList<ChannelName> Subscribe, IReadOnlyList<ChannelName> Publish);

/// <summary>Who asks for something.</summary>
/// <param name="IsOpen">No rule counts for it: <see cref="AccessRules.IsOpenTo"/>.</param>
/// <param name="Request">For the application's policy.</param>
/// <param name="Services">Where the policy comes from.</param>
internal readonly record struct Asker(Identified Client, bool IsOpen, HttpContext Request, IServiceProvider Services, CancellationToken Gone);

/// <summary>Whether a client may use a channel.</summary>
internal enum ChannelVerdict
{
    Allowed,
    Denied,

    /// <summary>It cannot be said now, which is no leave.</summary>
    Unknown,
}

/// <summary>
/// Turns a client's words into channels: the rules drop or refuse, the application's policy decides on what is left, and a word whose audience the caller has not got is dropped.
/// </summary>
internal sealed class ChannelAccess(AccessRules rules, IAudienceWords words, Callbacks callbacks, ILogger<ChannelAccess> log)
{
    private static readonly HandshakeRefusal Denied = Refusals.Forbidden("Forbidden");

    private static readonly HandshakeRefusal Uncertain = Refusals.Unavailable("Who you are cannot be established now");

    public async ValueTask<OrRefusal<Grant>> DecideAsync(
        HttpContext context, IServiceProvider services, Identified client, string facility, IReadOnlyList<AudienceWord> asked)
    {
        try
        {
            var asker = new Asker(client, rules.IsOpenTo(context), context, services, context.RequestAborted);
            var allowed = await AllowedAsync(asker, facility, asked);
            if (allowed.Refusal is { } refusal) return client.IsCertain ? refusal : Uncertain;

            var (grant, given) = await ChannelsAsync(client, facility, allowed.Value!, context.RequestAborted);

            // What is denied to somebody unknown may be due to him: better that he comes again than that he waits for messages that will never come.
            if (given < asked.Count && !client.IsCertain) return Uncertain;
            if (given == 0 && asked.Count > 0 && !client.Caller.IsAuthenticated && rules.RefusesIdleAnonymous) return Denied;

            return grant;
        }
        catch (Exception fault) when (!context.RequestAborted.IsCancellationRequested)
        {
            log.LogError(fault, "The channel policy failed; the client is refused");
            return Denied;
        }
    }

    /// <summary>
    /// For clients that name their channels: what the caller may do by those of its words that mean this channel. Where everything is open and the application has no policy,
    /// every channel that is not raw.
    /// </summary>
    public async ValueTask<ChannelVerdict> DecideAsync(Asker asker, ChannelName channel, WordUse use)
    {
        try
        {
            if (await IsAllowedAsync(asker, channel, use)) return ChannelVerdict.Allowed;
            return asker.Client.IsCertain ? ChannelVerdict.Denied : ChannelVerdict.Unknown;
        }
        catch (Exception fault) when (!asker.Gone.IsCancellationRequested)
        {
            log.LogError(fault, "The channel policy failed; the client is denied");
            return ChannelVerdict.Unknown;
        }
    }

    private async ValueTask<bool> IsAllowedAsync(Asker asker, ChannelName channel, WordUse use)
    {
        if (channel.Kind == ChannelKind.Raw) return false;
        if (asker.IsOpen && asker.Services.GetService<IChannelPolicy>() is null) return true;

        var meant = new List<AudienceWord>();
        foreach (var word in words.Words)
        {
            if (word.Use == use && (await ChannelsOfAsync(word, asker.Client, channel.Facility, asker.Gone)).Contains(channel)) meant.Add(word);
        }

        if (meant.Count == 0 && channel.Kind == ChannelKind.User && use == WordUse.Publish) meant.Add(ClassicWords.PublishPeer);
        return meant.Count > 0 && (await AllowedAsync(asker, channel.Facility, meant)).Value is { Count: > 0 };
    }

    private async ValueTask<OrRefusal<List<AudienceWord>>> AllowedAsync(Asker asker, string facility, IReadOnlyList<AudienceWord> asked)
    {
        var caller = asker.Client.Caller;
        var policy = asker.Services.GetService<IChannelPolicy>();
        var passed = new List<AudienceWord>();
        foreach (var word in asked)
        {
            var verdict = asker.IsOpen ? Verdict.Allow : rules.Find(caller, facility, word);
            if (verdict is Verdict.Refuse) return Denied;

            // A policy does not see to whom a client would publish: it can forbid that, not allow it.
            var isPolicys = policy is not null && word != ClassicWords.PublishPeer;
            verdict ??= isPolicys ? Verdict.Allow : AccessRules.Otherwise(caller, word);
            if (verdict is Verdict.Allow) passed.Add(word);
        }

        if (policy is null) return passed;

        var request = new ChannelRequest(caller, asker.Request, facility, [.. passed.Select(word => word.Name)]);
        var decision = await callbacks.RunAsync(limit => policy.DecideAsync(request, limit), asker.Gone);
        if (decision.Refusal is { } message) return Refusals.Forbidden(message);

        return passed.FindAll(word => decision.Words.Contains(word.Name));
    }

    /// <summary>The channels of the allowed words, and how many of the words have any.</summary>
    private async ValueTask<(Grant Grant, int Given)> ChannelsAsync(Identified client, string facility, List<AudienceWord> allowed, CancellationToken aborted)
    {
        List<ChannelName> subscribe = [], publish = [];
        var given = 0;
        foreach (var word in allowed)
        {
            var channels = await ChannelsOfAsync(word, client, facility, aborted);
            if (channels.Count > 0) given++;
            (word.Use == WordUse.Subscribe ? subscribe : publish).AddRange(channels);
        }

        return (new Grant([.. subscribe.Distinct()], [.. publish.Distinct()]), given);
    }

    private ValueTask<IReadOnlyList<ChannelName>> ChannelsOfAsync(AudienceWord word, Identified client, string facility, CancellationToken aborted) =>
        callbacks.RunAsync(limit => words.ChannelsAsync(word, client.Caller, facility, limit), aborted);
}
