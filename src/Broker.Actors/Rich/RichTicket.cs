using Broker.Actors.Relays;
using Broker.Actors.Rich.Protocol;
using Broker.Actors.Settings;

namespace Broker.Actors.Rich;

/// <summary>A publish of a rich client on its way: its answer is written on the relay's turn.</summary>
internal sealed class RichTicket(Request request, int bytes, BrokerMetrics metrics) : PublishTicket
{
    public override void Done(PublishResult result)
    {
        metrics.PublishEnded(result);
        metrics.BytesIn(bytes);
        if (result.Failure is { } failure) request.Refuse(ErrorOf(failure));
        else request.Answer(to => to.Published(request.Id));
    }

    /// <summary>All of them may be gone the next moment. Of one whose outcome nobody knows, too: a repeat with the same id is safe.</summary>
    private static RichError ErrorOf(PublishFailure failure) => failure == PublishFailure.Busy ? RichError.TooManyRequests : RichError.Internal;
}
