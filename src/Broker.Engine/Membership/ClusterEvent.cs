using System.Collections.Immutable;

namespace Broker.Engine;

/// <summary>What happens in the cluster, for those who subscribe: <see cref="Cluster.Subscribe(IActorRef, Type[])"/>.</summary>
public class ClusterEvent
{
    /// <summary>First one <see cref="CurrentClusterState"/>.</summary>
    public static readonly SubscriptionInitialStateMode InitialStateAsSnapshot = SubscriptionInitialStateMode.InitialStateAsSnapshot;

    /// <summary>First the events that led to the present state.</summary>
    public static readonly SubscriptionInitialStateMode InitialStateAsEvents = SubscriptionInitialStateMode.InitialStateAsEvents;

    private ClusterEvent()
    {
    }

    /// <summary>How a subscription begins.</summary>
    public enum SubscriptionInitialStateMode
    {
        /// <summary>First one <see cref="CurrentClusterState"/>.</summary>
        InitialStateAsSnapshot,

        /// <summary>First the events that led to the present state.</summary>
        InitialStateAsEvents,
    }

    /// <summary>Anything that happens in the cluster.</summary>
    public interface IClusterDomainEvent;

    /// <summary>Something that happens to a member.</summary>
    public interface IMemberEvent : IClusterDomainEvent
    {
        /// <summary>The member as it is now.</summary>
        Member Member { get; }
    }

    /// <summary>Who is in the cluster, as this node sees it.</summary>
    public sealed class CurrentClusterState
    {
        internal CurrentClusterState(ImmutableSortedSet<Member> members) => Members = members;

        /// <summary>All members.</summary>
        public ImmutableSortedSet<Member> Members { get; }
    }

    /// <summary>A member has another status.</summary>
    public abstract class MemberStatusChange : IMemberEvent, IDeadLetterSuppression
    {
        private protected MemberStatusChange(Member member) => Member = member;

        /// <inheritdoc/>
        public Member Member { get; }

        /// <inheritdoc/>
        public override bool Equals(object? obj) =>
            obj is MemberStatusChange other && GetType() == other.GetType() && Member.Equals(other.Member) && Member.Status == other.Member.Status;

        /// <inheritdoc/>
        public override int GetHashCode() => HashCode.Combine(GetType(), Member);

        /// <inheritdoc/>
        public override string ToString() => $"{GetType().Name}(Member={Member})";
    }

    /// <summary>Takes part.</summary>
    public sealed class MemberUp : MemberStatusChange
    {
        /// <summary>Says so of a member.</summary>
        public MemberUp(Member member)
            : base(member)
        {
        }
    }

    /// <summary>Is about to leave.</summary>
    public sealed class MemberLeft : MemberStatusChange
    {
        /// <summary>Says so of a member.</summary>
        public MemberLeft(Member member)
            : base(member)
        {
        }
    }

    /// <summary>Its lease ran out, or it was sent away; <see cref="MemberRemoved"/> follows.</summary>
    public sealed class MemberDowned : MemberStatusChange
    {
        /// <summary>Says so of a member.</summary>
        public MemberDowned(Member member)
            : base(member)
        {
        }
    }

    /// <summary>Is gone. A node whose lease ran out may come back: as the same life, if it has only been cut off.</summary>
    public sealed class MemberRemoved : MemberStatusChange
    {
        /// <summary>Says so of a member.</summary>
        public MemberRemoved(Member member, MemberStatus previousStatus)
            : base(member) => PreviousStatus = previousStatus;

        /// <summary><see cref="MemberStatus.Exiting"/> if it left, <see cref="MemberStatus.Down"/> if not.</summary>
        public MemberStatus PreviousStatus { get; }

        /// <inheritdoc/>
        public override bool Equals(object? obj) => base.Equals(obj) && ((MemberRemoved)obj!).PreviousStatus == PreviousStatus;

        /// <inheritdoc/>
        public override int GetHashCode() => HashCode.Combine(base.GetHashCode(), PreviousStatus);
    }
}
