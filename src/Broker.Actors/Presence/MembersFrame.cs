using Broker.Actors.Channels;
using Broker.Actors.Rich.Protocol;

namespace Broker.Actors.Presence;

/// <summary>How many members go in one message: with its frame it stays below what a link between nodes takes, unless one member alone is larger.</summary>
internal static class MembersFrame
{
    public const int MaxBytes = PublicationsFrame.MaxBytes;

    private const int PerMember = 32;

    /// <summary>Bytes that a member takes, and a little more. A character may take three.</summary>
    public static int Weigh(ClientInfo member) =>
        PerMember + (3 * (member.User.Length + member.Client.Length)) + member.ConnectionInfo.Length + member.ChannelInfo.Length;

    /// <summary>Cuts what has changed into messages.</summary>
    public static IEnumerable<MembersChange> Cut(IReadOnlyList<MemberChange> changes)
    {
        var (start, bytes) = (0, 0);
        for (var i = 0; i < changes.Count; i++)
        {
            bytes += changes[i].Weight;
            if (bytes <= MaxBytes || i == start) continue;

            yield return new MembersChange([.. changes.Take(start..i)]);
            (start, bytes) = (i, changes[i].Weight);
        }

        if (start == 0 && changes.Count > 0) yield return new MembersChange(changes);
        else if (start < changes.Count) yield return new MembersChange([.. changes.Skip(start)]);
    }
}
