namespace Broker.Actors.Redis;

/// <summary>
/// What a batch leaves behind as last message, as if its publications had been executed one by one: within one script only the last SETEX of each key shows.
/// </summary>
/// <param name="Index">The publication, from 1; 0 if none expires later than now.</param>
/// <param name="IdValue">For the key beside it; null if no publication of the batch went to several channels.</param>
internal readonly record struct LastPersisted(int Index, int Expire, byte[]? IdValue, int IdExpire)
{
    public static LastPersisted Of(IReadOnlyList<OutgoingPublication> publications)
    {
        var last = default(LastPersisted);
        for (var i = publications.Count - 1; i >= 0; i--)
        {
            var publication = publications[i];
            if (publication.Foreign || publication.Expire <= 0) continue;

            if (last.Index == 0) last = last with { Index = i + 1, Expire = publication.Expire };
            if (publication is not { Shared: true, PublishId: { } id }) continue;

            return last with { IdValue = LastId.Of(id, publication.Payload), IdExpire = publication.Expire };
        }

        return last;
    }
}
