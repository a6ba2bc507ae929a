using Broker.Actors.Channels;
using Broker.Actors.Redis;

namespace Broker.Actors.Relays;

/// <remarks>What the node's clients publish on the channel.</remarks>
internal sealed partial class RelayActor
{
    private void OnPublish(RelayPublish publish)
    {
        _handled++;
        if (_queue.Add(new PublishQueue.Pending(publish.Publication, publish.Ticket, publish.Until, publish.Retry))) SendNext();
        else publish.Ticket.Done(new PublishResult(null, PublishFailure.Busy));
    }

    private void OnBatchPublished(BatchPublished published)
    {
        HeardFromOwner();
        var done = _queue.Published(published.Number);
        for (var i = 0; i < done.Count; i++)
            done[i].Ticket.Done(new PublishResult(i < published.Positions.Count ? published.Positions[i] : null, null));

        SendNext();
        RestWhenIdle();
    }

    private void OnBatchRefused(BatchRefused refused)
    {
        // A former owner's refusal says nothing of the batch at the present one.
        if (!_link.IsOwner(Sender)) return;

        HeardFromOwner();
        Fail(_queue.Refused(refused, Now), PublishFailure.Unavailable);

        Timers.StartSingleTimer(Tick.TryAgain, Tick.TryAgain, TryAgain);
    }

    private void OnBatchReturned(BatchReturned returned)
    {
        if (!_link.IsOwner(Sender) || returned.Number != _queue.NextNumber) return;

        // Nobody has sent it, so the next owner is given it.
        LetOwnerGo();
        Attach();
    }

    private void SendNext()
    {
        if (_link.Owner is null)
        {
            // Not once more for each publish: with many of them it never rang, and nothing that waited expired.
            if (!Timers.IsTimerActive(Tick.TryAgain)) Timers.StartSingleTimer(Tick.TryAgain, Tick.TryAgain, TryAgain);
            return;
        }

        if (!Timers.IsTimerActive(Tick.TryAgain) && _queue.Next(_link.HistorySize) is { } batch) Send(batch);
    }

    private void Send((long Number, IReadOnlyList<OutgoingPublication> Publications) batch)
    {
        _sentAt = Now;
        _link.Owner!.Tell(new PublishBatch(_channel, _id, batch.Number, batch.Publications));
    }

    private void Retry()
    {
        Expire();
        SendNext();
        RestWhenIdle();
    }

    private void Expire() => Fail(_queue.Expire(Now), PublishFailure.Unavailable);

    /// <param name="failure">Of those that no owner has sent; of the others nobody knows.</param>
    private static void Fail(IReadOnlyList<PublishQueue.Pending> publishes, PublishFailure failure)
    {
        foreach (var pending in publishes) pending.Ticket.Done(new PublishResult(null, pending.MayBePublished ? PublishFailure.Unknown : failure));
    }
}
