using System.Diagnostics;
using Broker.Actors.Channels;
using Broker.Actors.Rich.Protocol;
using Broker.Actors.Settings;

namespace Broker.Actors.Presence;

/// <summary>How many are on a channel.</summary>
/// <param name="Clients">Connections.</param>
/// <param name="Users">Names; all anonymous clients count as one.</param>
public sealed record PresenceStats(long Clients, long Users);

/// <summary>Nobody can say at the moment who is on the channel: its owner is not there, or does not know yet. To be tried again.</summary>
public sealed class PresenceUnavailableException() : Exception("Nobody can say at the moment who is on the channel");

/// <summary>Reads from a channel's owner, wherever that is, who is there.</summary>
internal sealed class PresenceReader(IActorRef channels, BrokerServices services, CancellationToken gone)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>An owner may wait for its relays that long, and then another one may.</summary>
    private readonly TimeSpan _patience = 2 * (services.Settings.Channel.AwaitMembers + services.Settings.Redis.Timeout);

    /// <exception cref="PresenceUnavailableException">Nobody can say.</exception>
    public async Task<PresenceStats> CountAsync(ChannelName channel, CancellationToken stop)
    {
        var count = (MembersCount)await AskAsync(new CountMembers(channel), Stopwatch.GetTimestamp(), stop);
        return new PresenceStats(count.Clients, count.Users);
    }

    /// <inheritdoc cref="CountAsync"/>
    public async Task<IReadOnlyList<ClientInfo>> ReadAsync(ChannelName channel, CancellationToken stop)
    {
        var began = Stopwatch.GetTimestamp();
        var members = new List<ClientInfo>();
        var (life, after, until) = ("", 0L, 0L);
        while (true)
        {
            var page = (MembersPage)await AskAsync(new ReadMembers(channel, life, after, until), began, stop);
            if (life.Length > 0 && page.Life != life)
            {
                // Another owner: what the former one said may be no longer so.
                members.Clear();
                (life, after, until) = ("", 0, 0);
                continue;
            }

            members.AddRange(page.Members);
            (life, after, until) = (page.Life, page.After, page.Until);
            if (!page.More) return members;
        }
    }

    private async Task<object> AskAsync(IPresenceMessage question, long began, CancellationToken stop)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, gone);
        while (_patience - Stopwatch.GetElapsedTime(began) is var left && left > TimeSpan.Zero)
        {
            try
            {
                // A question or its answer may be lost with a link: not all the time for one.
                var answer = await channels.Ask<object>(question, left < _patience / 2 ? left : _patience / 2, either.Token);
                if (answer is not MembersUnknown) return answer;

                await Task.Delay(Pause, either.Token);
            }
            catch (AskTimeoutException)
            {
                // Once more, if there is time.
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested)
            {
                break;
            }
        }

        throw new PresenceUnavailableException();
    }
}
