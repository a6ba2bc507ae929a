using Broker.Actors.Presence;
using Broker.Actors.Rich.Protocol;

namespace Broker.Actors.Tests.Presence;

/// <summary>Members as tests write them.</summary>
internal static class Person
{
    public static ClientInfo Named(string client, string user = "ann", string info = "") => new(user, client, System.Text.Encoding.UTF8.GetBytes(info), default);

    public static MemberChange Joins(string client, string user = "ann") => new(Named(client, user), Joins: true);

    public static MemberChange Leaves(string client) => new(Named(client, ""), Joins: false);

    /// <summary>+c1 -c2</summary>
    public static string Show(IEnumerable<MemberChange> changes) => string.Join(' ', changes.Select(change => (change.Joins ? "+" : "-") + change.Member.Client));

    public static string Show(IEnumerable<ClientInfo> members) => string.Join(' ', members.Select(member => member.Client));
}
