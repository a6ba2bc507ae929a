using System.Text;
using System.Text.Json;
using Broker.Actors.Connections;

namespace Broker.Sample;

/// <summary>Sees what users say before it is published: puts the name to it, which a client could forge, and refuses what is not said here.</summary>
internal sealed class Moderator : IPublishHandler
{
    private const int Longest = 500;

    private static readonly string[] BadWords = ["badword", "spam"];

    public ValueTask<PublishDecision> OnPublishAsync(ClientPublish publish, CancellationToken cancellation)
    {
        var text = Encoding.UTF8.GetString(publish.Payload.Span);
        if (text.Length > Longest || BadWords.Any(word => text.Contains(word, StringComparison.OrdinalIgnoreCase))) return new(PublishDecision.Refuse);

        return new(PublishDecision.Change(JsonSerializer.SerializeToUtf8Bytes(new { from = publish.Caller.User, text })));
    }
}
