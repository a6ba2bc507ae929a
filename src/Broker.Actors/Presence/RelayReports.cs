namespace Broker.Actors.Presence;

/// <summary>
/// Takes what relays report into the members: of each relay only the next report, so that order holds whatever is lost, doubled or late; and nothing before it has begun.
/// </summary>
internal sealed class RelayReports(Members members)
{
    private readonly Dictionary<string, Relay> _relays = new(StringComparer.Ordinal);

    /// <summary>A former owner's members are known. Otherwise who stays at a relay that was there before cannot be told from who comes, and is no news.</summary>
    public bool KnowsFormer { get; set; }

    /// <summary>The relay has reported, or begins to.</summary>
    public bool Knows(string relay) => _relays.ContainsKey(relay);

    /// <summary>Somebody there wants to hear who comes and goes.</summary>
    public bool Wants(string relay) => _relays.TryGetValue(relay, out var known) && known.Wants;

    /// <summary>False for a report that cannot follow on what is known: the relay must begin anew. A repeat is true and changes nothing.</summary>
    public bool Take(ReportPresence report, TimeSpan now, List<MemberChange> changes)
    {
        if (!_relays.TryGetValue(report.Relay, out var relay))
        {
            if (!report.Begins) return false;
            _relays[report.Relay] = relay = new Relay();
        }

        if (report.Number < relay.Next) return true;
        if (!report.Begins && report.Number != relay.Next) return false;

        (relay.Next, relay.Wants) = (report.Number + 1, report.Wants);
        if (report.Begins)
        {
            members.Begin(report.Relay, report.Node, report.Returns, now);
            relay.IsWhole = false;
        }

        if (!KnowsFormer && report.Returns && !relay.IsWhole) changes = [];
        foreach (var change in report.Changes) members.Take(report.Relay, change, changes);
        if (!report.IsWhole) return true;

        members.Whole(report.Relay, changes);
        relay.IsWhole = true;
        return true;
    }

    /// <summary>The relay is gone. If it comes back it begins anew.</summary>
    public void Lose(string relay, TimeSpan now)
    {
        _relays.Remove(relay);
        members.Lose(relay, now);
    }

    private sealed class Relay
    {
        /// <summary>The number of its next report.</summary>
        public long Next { get; set; }

        public bool Wants { get; set; }

        /// <summary>It has said all of its members.</summary>
        public bool IsWhole { get; set; }
    }
}
