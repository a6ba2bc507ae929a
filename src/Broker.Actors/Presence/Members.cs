using Broker.Actors.Rich.Protocol;

namespace Broker.Actors.Presence;

/// <summary>
/// The members of one channel over all nodes, as its owner knows them: by client, in the order in which they came, each at the relay that reported it. What a former owner knew is
/// believed until the relay says otherwise, or is not heard of for too long.
/// </summary>
internal sealed class Members
{
    private const int FewGone = 64;

    private readonly Dictionary<string, Entry> _byClient = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _users = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Source> _sources = new(StringComparer.Ordinal);
    private readonly List<Entry> _order = [];
    private readonly HashSet<string> _touched = new(StringComparer.Ordinal);
    private int _gone;
    private long _serial;

    /// <summary>The place of the newest.</summary>
    public long Newest => _serial;

    public int Clients => _byClient.Count;

    /// <summary>All anonymous clients are one.</summary>
    public int Users => _users.Count;

    /// <summary>All relays that had members have said who they are.</summary>
    public bool IsExact { get; private set; } = true;

    /// <summary>Clients of whom something has changed since they were taken from here.</summary>
    public ISet<string> Touched => _touched;

    public IEnumerable<string> AllClients => _byClient.Keys;

    public (ClientInfo Member, string Relay, string Node)? Find(string client) =>
        _byClient.TryGetValue(client, out var entry) ? (entry.Member, entry.Source.Relay, entry.Source.Node) : null;

    /// <summary>A former owner knew it. It is not touched, and nobody is told that it comes.</summary>
    public void Know(ClientInfo member, string relay, string node, TimeSpan now)
    {
        if (_byClient.ContainsKey(member.Client)) return;

        var source = SourceOf(relay, node);
        source.AwaitedSince ??= now;
        IsExact = false;
        Add(member, source);
    }

    /// <summary>The relay will say all of its members anew.</summary>
    /// <param name="returns">It had some at an earlier owner.</param>
    public void Begin(string relay, string node, bool returns, TimeSpan now)
    {
        var source = SourceOf(relay, node);
        if (!source.IsHere && (source.Count > 0 || returns)) source.AwaitedSince ??= now;
        source.IsHere = true;
        source.Round++;
        Settle();
    }

    /// <summary>The relay says that one has come or gone. Adds to <paramref name="changes"/> if that is news.</summary>
    public void Take(string relay, MemberChange change, List<MemberChange> changes)
    {
        var source = _sources[relay];
        var known = _byClient.TryGetValue(change.Member.Client, out var entry);
        if (!change.Joins)
        {
            // At another relay it has come back.
            if (known && entry!.Source == source) Remove(entry, changes);
            return;
        }

        if (!known)
        {
            Add(change.Member, source);
            _touched.Add(change.Member.Client);
            changes.Add(change);
            return;
        }

        if (entry!.Source != source || !Same(entry.Member, change.Member)) _touched.Add(change.Member.Client);
        Count(entry.Member.User, -1);
        Count(change.Member.User, +1);
        entry.Source.Count--;
        source.Count++;
        (entry.Member, entry.Source, entry.Round) = (change.Member, source, source.Round);
    }

    /// <summary>The relay has said all: who it did not name has gone.</summary>
    public void Whole(string relay, List<MemberChange> changes)
    {
        var source = _sources[relay];
        source.AwaitedSince = null;
        RemoveWhere(entry => entry.Source == source && entry.Round != source.Round, changes);
        Settle();
    }

    /// <summary>The relay is gone. Its clients may come back at another one, unless their node is gone too.</summary>
    public void Lose(string relay, TimeSpan now)
    {
        if (!_sources.TryGetValue(relay, out var source)) return;

        source.IsHere = false;
        source.AwaitedSince = now;
        Settle();
    }

    /// <summary>The time before now does not count for those that are waited for.</summary>
    public void AwaitFrom(TimeSpan now)
    {
        foreach (var source in _sources.Values) if (source.AwaitedSince is not null) source.AwaitedSince = now;
    }

    /// <summary>Those of relays that are not here are gone if their node is, or if they have been waited for since <paramref name="before"/>.</summary>
    public void Expire(IReadOnlySet<string> living, TimeSpan before, List<MemberChange> changes)
    {
        if (IsExact) return;

        var over = _sources.Values
            .Where(source => source is { IsHere: false, AwaitedSince: { } since } && (since <= before || !living.Contains(source.Node)))
            .ToHashSet();
        if (over.Count > 0) RemoveWhere(entry => over.Contains(entry.Source), changes);
        foreach (var source in over) _sources.Remove(source.Relay);
        Settle();
    }

    /// <summary>A page of those whose places lie above <paramref name="after"/>, and not above <paramref name="until"/>. Who is there all the time is on exactly one page.</summary>
    public (IReadOnlyList<ClientInfo> Members, long After, bool More) Read(long after, long until, int maxBytes)
    {
        var page = new List<ClientInfo>();
        var bytes = 0;
        for (var i = FirstAbove(after); i < _order.Count && _order[i].Place <= until; i++)
        {
            var entry = _order[i];
            if (entry.IsGone) continue;

            bytes += MembersFrame.Weigh(entry.Member);
            if (bytes > maxBytes && page.Count > 0) return (page, after, More: true);

            page.Add(entry.Member);
            after = entry.Place;
        }

        return (page, after, More: false);
    }

    private Source SourceOf(string relay, string node)
    {
        if (!_sources.TryGetValue(relay, out var source)) _sources[relay] = source = new Source(relay, node);
        return source;
    }

    private void Add(ClientInfo member, Source source)
    {
        var entry = new Entry(++_serial) { Member = member, Source = source, Round = source.Round };
        _byClient[member.Client] = entry;
        _order.Add(entry);
        Count(member.User, +1);
        source.Count++;
    }

    private void Remove(Entry entry, List<MemberChange> changes)
    {
        _byClient.Remove(entry.Member.Client);
        _touched.Add(entry.Member.Client);
        Count(entry.Member.User, -1);
        entry.Source.Count--;
        entry.IsGone = true;
        changes.Add(new MemberChange(entry.Member, Joins: false));

        // Places are found by halving: those of who has gone are kept until they are the most.
        if (++_gone <= FewGone + _byClient.Count) return;
        _order.RemoveAll(static gone => gone.IsGone);
        _gone = 0;
    }

    private void RemoveWhere(Func<Entry, bool> which, List<MemberChange> changes)
    {
        foreach (var entry in _order.Where(entry => !entry.IsGone && which(entry)).ToArray()) Remove(entry, changes);
    }

    /// <summary>Forgets relays that are gone and have no members, and sees whether any is waited for.</summary>
    private void Settle()
    {
        foreach (var (relay, source) in _sources) if (source is { IsHere: false, Count: 0 }) _sources.Remove(relay);
        IsExact = _sources.Values.All(source => source.AwaitedSince is null);
    }

    private void Count(string user, int by)
    {
        var count = _users.GetValueOrDefault(user) + by;
        if (count == 0) _users.Remove(user);
        else _users[user] = count;
    }

    private int FirstAbove(long place)
    {
        var (low, high) = (0, _order.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (_order[middle].Place <= place) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    private static bool Same(ClientInfo one, ClientInfo other) =>
        one.User == other.User && one.ConnectionInfo.Span.SequenceEqual(other.ConnectionInfo.Span) && one.ChannelInfo.Span.SequenceEqual(other.ChannelInfo.Span);

    private sealed class Entry(long place)
    {
        public long Place { get; } = place;

        public required ClientInfo Member { get; set; }

        public required Source Source { get; set; }

        /// <summary>The round of its relay's reports in which it was named last.</summary>
        public required long Round { get; set; }

        public bool IsGone { get; set; }
    }

    /// <summary>A relay that has, or had, members.</summary>
    private sealed class Source(string relay, string node)
    {
        public string Relay { get; } = relay;

        public string Node { get; } = node;

        /// <summary>It is attached, and will be heard of sooner or later.</summary>
        public bool IsHere { get; set; }

        public TimeSpan? AwaitedSince { get; set; }

        public long Round { get; set; }

        public int Count { get; set; }
    }
}
