using Broker.Actors.Channels;
using Broker.Host.Clients;
using Broker.Host.Identity;
using Broker.Host.WebSockets;

namespace Broker.Host.Policy;

/// <summary>The channels that a client may use, in the order that replays take.</summary>
internal sealed record Grant(IReadOnlyList<ChannelName> Subscribe, IReadOnlyList<ChannelName> Publish);

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
            var allowed = await AllowedAsync(context, services, client, facility, asked);
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

    private async ValueTask<OrRefusal<List<AudienceWord>>> AllowedAsync(
        HttpContext context, IServiceProvider services, Identified client, string facility, IReadOnlyList<AudienceWord> asked)
    {
        var policy = services.GetService<IChannelPolicy>();
        var isOpen = rules.IsOpenTo(context);
        var passed = new List<AudienceWord>();
        foreach (var word in asked)
        {
            var verdict = isOpen ? Verdict.Allow : rules.Find(client.Caller, facility, word);
            if (verdict is Verdict.Refuse) return Denied;

            verdict ??= policy is null ? AccessRules.Otherwise(client.Caller, word) : Verdict.Allow;
            if (verdict is Verdict.Allow) passed.Add(word);
        }

        if (policy is null) return passed;

        var request = new ChannelRequest(client.Caller, context, facility, [.. passed.Select(word => word.Name)]);
        var decision = await callbacks.RunAsync(limit => policy.DecideAsync(request, limit), context.RequestAborted);
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
            var channels = await callbacks.RunAsync(limit => words.ChannelsAsync(word, client.Caller, facility, limit), aborted);
            if (channels.Count > 0) given++;
            (word.Use == WordUse.Subscribe ? subscribe : publish).AddRange(channels);
        }

        return (new Grant([.. subscribe.Distinct()], [.. publish.Distinct()]), given);
    }
}
