using System.Globalization;

namespace Broker.Faults.Traffic;

/// <summary>Compares what a channel's history holds, what its publishers were told and what its listeners were sent.</summary>
/// <param name="facility">The channel.</param>
/// <param name="history">The order that everybody must have seen.</param>
/// <param name="mayForget">Redis itself may have lost what it had taken (a replica took over): what is not in the history is not held against anybody, but doubles are.</param>
internal sealed class Judgement(string facility, History history, bool mayForget)
{
    private readonly Dictionary<int, int> _places = Places(history);
    private readonly List<string> _problems = [];

    public IReadOnlyList<string> Problems => _problems;

    /// <summary>Delivered, though Redis does not hold it.</summary>
    public int Forgotten { get; private set; }

    /// <summary>Refused or unanswered, and carried out all the same.</summary>
    public int CarriedOut { get; private set; }

    public void JudgeHistory()
    {
        if (_places.Count != history.Ids.Count) Report($"the history holds {history.Ids.Count - _places.Count} publications twice");
        if (history.Offsets.Count > 0 && history.Offsets[^1] - history.Offsets[0] != history.Offsets.Count - 1) Report("the history has gaps");
        if (history.Offsets.Count > 0 && history.Offsets[0] != 1) Report($"the history begins at {history.Offsets[0]}: a new epoch, or it was too short");
    }

    /// <summary>What was acknowledged is there, before all that began to be published afterwards, by whomever and wherever.</summary>
    public void JudgePublishes(IEnumerable<Publish> publishes)
    {
        var found = publishes.ToLookup(publish => _places.ContainsKey(publish.Id));
        if (!mayForget) foreach (var publish in found[false].Where(publish => publish.Outcome == Outcome.Acknowledged)) Report($"publication {Name(publish.Id)} was acknowledged and is not there");
        CarriedOut += found[true].Count(publish => publish.Outcome != Outcome.Acknowledged);

        var acknowledged = found[true].Where(publish => publish.Outcome == Outcome.Acknowledged).ToList();
        var ended = new Queue<Publish>(acknowledged.OrderBy(publish => publish.Ended));
        var newest = -1;
        foreach (var publish in acknowledged.OrderBy(publish => publish.Began))
        {
            while (ended.Peek().Ended < publish.Began) newest = Math.Max(newest, _places[ended.Dequeue().Id]);
            if (_places[publish.Id] < newest) Report($"publication {Name(publish.Id)} came before {Name(history.Ids[newest])}, which had been acknowledged before it began");
        }
    }

    /// <summary>Once and in order, from the first one on that somebody got.</summary>
    /// <param name="who">He.</param>
    /// <param name="got">What he got.</param>
    /// <param name="isOpen">He must have got the last one.</param>
    /// <param name="tornAt">How many he had when he was told that something might be missing.</param>
    public void JudgeListener(string who, IEnumerable<int> got, bool isOpen, IReadOnlySet<int>? tornAt = null)
    {
        int? last = null;
        var seen = new HashSet<int>();
        var count = 0;
        foreach (var id in got)
        {
            var mayMiss = tornAt?.Contains(count++) == true;
            if (!seen.Add(id)) Report($"{who} got {Name(id)} twice");
            else if (!_places.TryGetValue(id, out var place)) Strange(who, id);
            else
            {
                if (last is { } before && place < before) Report($"{who} got {Name(id)} out of order");
                else if (last is { } previous && place > previous + 1 && !mayMiss && !IsBehindLastMessage(seen.Count, previous, place)) Report($"{who} missed {place - previous - 1} before {Name(id)} (offset {history.Offsets[place]})");
                last = Math.Max(last ?? -1, place);
            }
        }

        if (isOpen && last is { } end && end != history.Ids.Count - 1) Report($"{who} did not get the last {history.Ids.Count - 1 - end}");
        if (isOpen && last is null && history.Ids.Count > 0) Report($"{who} got nothing");
    }

    /// <summary>A websocket begins with the channel's last message, and who publishes on Redis itself does not set it: newer ones of theirs may be left out there.</summary>
    private bool IsBehindLastMessage(int got, int previous, int place) =>
        got == 2 && Enumerable.Range(previous + 1, place - previous - 1).All(between => Payload.PublisherOf(history.Ids[between]) >= BarePublisher.Publisher);

    private static Dictionary<int, int> Places(History history)
    {
        var places = new Dictionary<int, int>();
        for (var place = 0; place < history.Ids.Count; place++) places.TryAdd(history.Ids[place], place);
        return places;
    }

    private static string Name(int id) => string.Create(CultureInfo.InvariantCulture, $"{Payload.PublisherOf(id)}/{id & 0xFFFFF}");

    private void Strange(string who, int id)
    {
        if (mayForget) Forgotten++;
        else Report($"{who} got {Name(id)}, which the history does not hold");
    }

    private void Report(string problem) => _problems.Add($"{facility}: {problem}");
}
