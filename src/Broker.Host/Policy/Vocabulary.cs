using Broker.Host.Clients;
using Microsoft.AspNetCore.WebUtilities;

namespace Broker.Host.Policy;

/// <summary>What a client's query asks for.</summary>
/// <param name="Words">In the vocabulary's order, each once.</param>
/// <param name="Echo">It wants everything, its own messages too. No channel, so nobody decides on it.</param>
internal sealed record Wishes(IReadOnlyList<AudienceWord> Words, bool Echo);

/// <summary>
/// Reads words from queries as ws4redis does: the trimmed, lower-cased names of its parameters. Values do not matter, nor do repeats, nor unknown words.
/// </summary>
internal sealed class Vocabulary
{
    private const string Echo = "echo";

    private readonly IReadOnlyList<AudienceWord> _words;
    private readonly int _mostWords;

    /// <exception cref="InvalidOperationException">The application's words cannot be told apart.</exception>
    public Vocabulary(IAudienceWords words, ClientSettings settings)
    {
        _words = words.Words;
        _mostWords = settings.QueryWords;
        if (_words.FirstOrDefault(word => word.Name.Length == 0 || IsReserved(word.Name) || Normal(word.Name) != word.Name) is { } wrong)
            throw new InvalidOperationException($"'{wrong.Name}' cannot be an audience word: words are lower case, not empty and neither '{Echo}' nor '{ClassicWords.PublishPeer.Name}'");
        if (_words.GroupBy(word => word.Name).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw new InvalidOperationException($"the audience word '{twice.Key}' is there twice");
    }

    /// <summary>A rule may speak of it.</summary>
    public bool Knows(string word) => word == ClassicWords.PublishPeer.Name || _words.Any(known => known.Name == word);

    public OrRefusal<Wishes> Read(QueryString query)
    {
        if (!PercentEncoding.IsWellFormed(query.Value)) return Refusals.BadRequest("The query is not percent-encoded");

        var asked = new HashSet<string>();
        var count = 0;
        foreach (var parameter in new QueryStringEnumerable(query.Value))
        {
            if (++count > _mostWords) return Refusals.BadRequest("Too many words in the query") with { Limit = "query-words" };
            asked.Add(Normal(parameter.DecodeName().ToString()));
        }

        return new Wishes([.. _words.Where(word => asked.Contains(word.Name))], asked.Contains(Echo));
    }

    private static bool IsReserved(string name) => name == Echo || name == ClassicWords.PublishPeer.Name;

    private static string Normal(string name) => name.Trim().ToLowerInvariant();
}
