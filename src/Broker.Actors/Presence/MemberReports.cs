using Broker.Actors.Rich.Protocol;

namespace Broker.Actors.Presence;

/// <summary>
/// The members at one relay, and what the channel's owner has yet to be told of them: in numbered batches of which one at a time is unanswered; to each owner all of them first.
/// </summary>
internal sealed class MemberReports
{
    private const int MaxCount = 512;

    /// <summary>An owner that is told nothing for so many changes beyond twice the members is told all of them instead.</summary>
    private const int Slack = 8192;

    private readonly Dictionary<string, ClientInfo> _members = new(StringComparer.Ordinal);
    private readonly Queue<MemberChange> _waiting = new();
    private MemberBatch? _underWay;
    private long _number;
    private int _ofAll;
    private bool _begun;
    private bool _isWhole;
    private bool _returns;
    private bool _hasNews;
    private bool _wants;

    public int Count => _members.Count;

    /// <summary>Somebody at the relay wants to hear who comes and goes.</summary>
    public bool Wants
    {
        get => _wants;
        set
        {
            _hasNews |= _wants != value;
            _wants = value;
        }
    }

    /// <summary>The owner knows all that there is to say.</summary>
    public bool IsIdle => _underWay is null && _waiting.Count == 0 && !_hasNews;

    public void Join(ClientInfo member)
    {
        _members[member.Client] = member;
        Tell(new MemberChange(member, Joins: true));
    }

    /// <summary>Of the same object as came; another of the same client has taken its place otherwise.</summary>
    public void Leave(ClientInfo member)
    {
        if (!_members.TryGetValue(member.Client, out var present) || !ReferenceEquals(present, member)) return;

        _members.Remove(member.Client);
        Tell(new MemberChange(member, Joins: false));
    }

    /// <summary>The owner is lost, or another one: it knows nothing, or not enough.</summary>
    public void StartOver()
    {
        _waiting.Clear();
        _underWay = null;
        (_begun, _isWhole) = (false, false);
        _hasNews = true;
    }

    /// <summary>The next batch, if none is under way and there is something to say.</summary>
    public MemberBatch? Next()
    {
        if (_underWay is not null || IsIdle) return null;

        var begins = !_begun;
        if (begins) Begin();

        var changes = new List<MemberChange>();
        var bytes = 0;
        while (changes.Count < MaxCount && _waiting.TryPeek(out var change) && (changes.Count == 0 || bytes + change.Weight <= MembersFrame.MaxBytes))
        {
            changes.Add(_waiting.Dequeue());
            bytes += change.Weight;
        }

        _ofAll = Math.Max(0, _ofAll - changes.Count);
        var isWhole = !_isWhole && _ofAll == 0;
        _isWhole |= isWhole;
        _hasNews = false;
        return _underWay = new MemberBatch(++_number, begins, isWhole, _returns, _wants, changes);
    }

    /// <summary>The batch that is under way, once more: it or its answer may be lost.</summary>
    public MemberBatch? Again() => _underWay;

    public void Taken(long number)
    {
        if (_underWay is not { } batch || batch.Number != number) return;

        _underWay = null;
        _returns |= _isWhole;
    }

    private void Begin()
    {
        _begun = true;
        _waiting.Clear();
        foreach (var member in _members.Values) _waiting.Enqueue(new MemberChange(member, Joins: true));
        _ofAll = _waiting.Count;
    }

    private void Tell(MemberChange change)
    {
        // Until the owner is told all of them anyway, there is nothing to say of one.
        if (!_begun)
        {
            _hasNews = true;
            return;
        }

        _waiting.Enqueue(change);
        if (_waiting.Count > (2 * _members.Count) + Slack) StartOver();
    }
}

/// <summary>What goes into a <see cref="ReportPresence"/>.</summary>
internal sealed record MemberBatch(long Number, bool Begins, bool IsWhole, bool Returns, bool Wants, IReadOnlyList<MemberChange> Changes);
