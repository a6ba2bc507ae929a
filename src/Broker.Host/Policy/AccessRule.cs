using Broker.Actors.Audiences;
using Broker.Actors.Settings;
using Broker.Hocon;

namespace Broker.Host.Policy;

/// <summary>What a rule says of a word.</summary>
internal enum Verdict
{
    Allow,
    Deny,
    Refuse,
}

/// <summary>One of <c>broker.rules</c>: for which facilities, words and callers it is, and what it says.</summary>
internal sealed class AccessRule
{
    private const string GroupPrefix = "group:";

    private readonly Glob? _facility;
    private readonly Dictionary<string, HoconValue>? _words;
    private readonly Func<Caller, bool> _isFor;

    /// <exception cref="HoconException">A key or value is wrong. Words are checked when the vocabulary is known: <see cref="Check"/>.</exception>
    public AccessRule(HoconValue value)
    {
        var rule = value.AsObject();
        rule.OnlyKeys("facility", "words", "who", "allow", "refuse");

        _facility = rule.TryGetValue("facility", out var facility) ? new Glob(facility.AsString()) : null;
        _words = rule.TryGetValue("words", out var words) ? words.AsList().DistinctBy(word => word.AsString()).ToDictionary(word => word.AsString()) : null;
        _isFor = rule.TryGetValue("who", out var who) ? ReadWho(who) : static _ => true;
        Verdict = ReadVerdict(rule);
    }

    public Verdict Verdict { get; }

    /// <exception cref="HoconException">The rule names a word that is not there.</exception>
    public void Check(Vocabulary vocabulary)
    {
        foreach (var (word, value) in _words ?? [])
            if (!vocabulary.Knows(word)) throw HoconChecks.Wrong(value, $"'{word}' is no audience word");
    }

    public bool Fits(Caller caller, string facility, AudienceWord word) =>
        _isFor(caller) && _facility?.Fits(facility) != false && _words?.ContainsKey(word.Name) != false;

    private static Func<Caller, bool> ReadWho(HoconValue value) => value.AsString() switch
    {
        "all" => static _ => true,
        "anonymous" => static caller => !caller.IsAuthenticated,
        "authenticated" => static caller => caller.IsAuthenticated,
        var text when text.StartsWith(GroupPrefix, StringComparison.Ordinal) && text.Length > GroupPrefix.Length => MembersOf(text[GroupPrefix.Length..]),
        var text => throw HoconChecks.Wrong(value, $"'{text}' is not one of: all, anonymous, authenticated, group:NAME"),
    };

    private static Func<Caller, bool> MembersOf(string group) => caller => caller.IsAuthenticated && caller.Groups.Contains(group);

    private static Verdict ReadVerdict(HoconObject rule)
    {
        var (allow, refuse) = (rule.GetValueOrDefault("allow"), rule.GetValueOrDefault("refuse"));
        if (allow is null == refuse is null) throw HoconChecks.Wrong(rule, "a rule holds either allow = on | off, or refuse = on");

        if (allow is not null) return allow.AsBoolean() ? Verdict.Allow : Verdict.Deny;
        return refuse!.AsBoolean() ? Verdict.Refuse : throw HoconChecks.Wrong(refuse, "a rule that does not refuse holds allow = on | off");
    }
}
