namespace Broker.Actors.Channels;

/// <summary>
/// How many publications go to the relays in one message: with its frame it stays below what a link between nodes takes (64 KiB), unless one publication alone is larger.
/// </summary>
internal static class PublicationsFrame
{
    /// <summary>Payload with what goes along: for a batch of publishes and a page of history, too.</summary>
    public const int MaxBytes = 48 * 1024;

    /// <summary>Where the message ends that begins at <paramref name="start"/>.</summary>
    public static int End(IReadOnlyList<Publication> publications, int start)
    {
        var bytes = 0;
        for (var end = start; end < publications.Count; end++)
        {
            var publication = publications[end];
            bytes += publication.Weight + (publication.PublishId?.Length ?? 0) + (publication.Origin?.Length ?? 0);
            if (bytes > MaxBytes && end > start) return end;
        }

        return publications.Count;
    }
}
