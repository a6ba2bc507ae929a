using Broker.Actors.Nodes;
using Broker.Actors.Rich.Protocol;

namespace Broker.Actors.Serving;

/// <summary>Asks the <see cref="ControlActor"/> of every member of the cluster; of a node alone, its own.</summary>
internal sealed class ClusterControl(ActorSystem system, IActorRef local)
{
    /// <summary>A node that does not answer in this time is on its way out, or the network is.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <param name="node">One member's id; null for all.</param>
    /// <exception cref="ServerApiException">Some did not answer; the others have carried it out.</exception>
    public async Task<IReadOnlyList<FromNode<T>>> AskAsync<T>(IControlMessage request, string? node = null)
    {
        var cluster = Cluster.Get(system);
        var members = cluster.State.Members.Where(member => member.Status is MemberStatus.Up or MemberStatus.Leaving or MemberStatus.Exiting);
        var asked = members.Where(member => node is null || IdOf(member) == node).Select(member => AskOneAsync<T>(cluster, member, request)).ToArray();
        var answers = await Task.WhenAll(asked);

        var silent = answers.Count(answer => answer is null);
        return silent == 0 ? [.. answers.Select(answer => answer!)] : throw new ServerApiException(RichError.Internal, $"{silent} of {answers.Length} nodes did not answer");
    }

    private async Task<FromNode<T>?> AskOneAsync<T>(Cluster cluster, Member member, IControlMessage request)
    {
        try
        {
            var control = member.UniqueAddress.Equals(cluster.SelfUniqueAddress) ? (ICanTell)local : system.ActorSelection($"{member.Address}/user/{ControlActor.Name}");
            return new FromNode<T>(IdOf(member), ClusterReport.Spell(member.Address), await control.Ask<T>(request, Patience));
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }

    private static string IdOf(Member member) => ClusterReport.Spell(member.UniqueAddress.Uid);
}

/// <param name="Id">Which life of the node.</param>
/// <param name="Address">Null for a node alone.</param>
internal sealed record FromNode<T>(string Id, string? Address, T Answer);
