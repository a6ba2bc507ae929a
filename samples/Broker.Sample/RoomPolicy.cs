using Broker.Host.Policy;

namespace Broker.Sample;

/// <summary>Who may do what: users talk in rooms and read their own notices; the staff's room is the staff's.</summary>
internal sealed class RoomPolicy : IChannelPolicy
{
    public ValueTask<ChannelDecision> DecideAsync(ChannelRequest request, CancellationToken cancellation) => ValueTask.FromResult(Decide(request));

    private static ChannelDecision Decide(ChannelRequest request)
    {
        if (!request.Caller.IsAuthenticated) return ChannelDecision.Refuse("Log in first");
        if (request.Facility == "room-staff" && !request.Caller.Groups.Contains("staff")) return ChannelDecision.Refuse("This room is the staff's");

        if (request.Facility.StartsWith("room-", StringComparison.Ordinal)) return ChannelDecision.Allow("subscribe-broadcast", "publish-broadcast");
        if (request.Facility == "notices") return ChannelDecision.Allow("subscribe-user");

        return ChannelDecision.Refuse("There is nothing here");
    }
}
