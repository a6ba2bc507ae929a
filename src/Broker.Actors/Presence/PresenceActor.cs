using Broker.Actors.Channels;
using Broker.Actors.Redis;
using Broker.Actors.Settings;
using Microsoft.Extensions.Logging;
using PresenceForm = Broker.Actors.Channels.Wire.PresenceForm;

namespace Broker.Actors.Presence;

/// <summary>
/// Keeps one channel's members over all nodes: a child of the channel's owner. Memory is the truth; a hash in Redis follows it, for the one reason that a successor can tell those who stay
/// who has gone with a node that died.
/// </summary>
internal sealed class PresenceActor : ReceiveActor, IWithTimers
{
    /// <summary>How often those are looked for that do not come back.</summary>
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(250);

    private readonly ChannelName _channel;
    private readonly RedisKeys _keys;
    private readonly BrokerServices _services;
    private readonly string _life = Epochs.New();
    private readonly Members _members = new();
    private readonly RelayReports _reports;
    private readonly MembersStore _store;
    private readonly Dictionary<string, IActorRef> _relays = new(StringComparer.Ordinal);
    private readonly List<MemberChange> _changes = [];
    private readonly List<Reader> _readers = [];
    private readonly List<Early> _early = [];
    private readonly Dictionary<string, int> _toldUntil = new(StringComparer.Ordinal);
    private readonly Episode _reading = new();
    private readonly Episode _writing = new();
    private readonly TimeSpan _since;
    private List<MemberChange>? _sinceStart = [];
    private TimeSpan _wroteAnewAt = TimeSpan.MinValue;
    private bool _isLoaded;
    private bool _flushing;
    private bool _finishes;

    public PresenceActor(ChannelName channel, RedisKeys keys, BrokerServices services)
    {
        (_channel, _keys, _services, _since) = (channel, keys, services, services.Now);
        _reports = new RelayReports(_members);
        _store = new MembersStore(_members, services.Settings.Channel.KeepMembers);

        Receive<ReportPresence>(report => OnReport(report, Sender));
        Receive<RelayGone>(OnRelayGone);
        Receive<CountMembers>(OnCount);
        Receive<ReadMembers>(OnRead);
        Receive<FormerRead>(OnFormerRead);
        Receive<ReadAgain>(again => ReadFormer(again.Cursor));
        Receive<Written>(OnWritten);
        Receive<Flush>(_ => OnFlush());
        Receive<Finish>(_ => OnFinish());
        Receive<Tick>(OnTick);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(Tick.Look, Tick.Look, LookEvery);
        if (!_services.Nodes.HasSuccessors)
        {
            // Who was there before this one is known to its relays, and to nobody else.
            _isLoaded = true;
            return;
        }

        Timers.StartPeriodicTimer(Tick.Renew, Tick.Renew, _services.Settings.Channel.KeepMembers / 4);
        ReadFormer(cursor: 0);
    }

    private bool IsExact => _isLoaded && _members.IsExact;

    private void OnReport(ReportPresence report, IActorRef relay)
    {
        // Until it is known who was there before, nobody can say who comes and who has gone. And a node that is no member (any more) may end without anybody hearing of it.
        var isNew = report.Begins && !_reports.Knows(report.Relay);
        if (!_isLoaded || (isNew && !_services.Nodes.Living().Contains(report.Node)))
        {
            Hold(new Early(report, relay, _services.Now));
            return;
        }

        if (isNew && report is { Returns: true, Wants: true }) TellSinceStart(report.Relay, relay);
        if (!_reports.Take(report, _services.Now, _changes))
        {
            // Its first report is lost, and it does not know: it is to begin anew.
            Answer(relay, new Detached(_channel));
            return;
        }

        _relays[report.Relay] = relay;
        Answer(relay, new PresenceTaken(report.Number));
        FlushSoon();
    }

    private void Hold(Early early)
    {
        _early.RemoveAll(former => former.Report.Relay == early.Report.Relay);
        _early.Add(early);
        if (!Timers.IsTimerActive(Tick.Look)) Timers.StartPeriodicTimer(Tick.Look, Tick.Look, LookEvery);
    }

    /// <summary>Those that can be taken now. A relay sends its report again as long as it is not answered: it is not held for long.</summary>
    private void TakeEarly(TimeSpan before)
    {
        if (_early.Count == 0) return;

        var living = _services.Nodes.Living();
        var ready = _early.Where(early => living.Contains(early.Report.Node)).ToArray();
        _early.RemoveAll(early => early.Since <= before || living.Contains(early.Report.Node));
        foreach (var (report, relay, _) in ready) OnReport(report, relay);
    }

    /// <summary>What those who were there before have missed while there was no owner, once.</summary>
    private void TellSinceStart(string id, IActorRef relay)
    {
        OnFlush();
        foreach (var change in MembersFrame.Cut([.. _sinceStart?.Skip(_toldUntil.GetValueOrDefault(id)) ?? []])) Answer(relay, change);
    }

    private void OnRelayGone(RelayGone gone)
    {
        _early.RemoveAll(early => early.Relay.Equals(gone.Relay));
        OnFlush();
        foreach (var (relay, reference) in _relays)
        {
            if (!reference.Equals(gone.Relay)) continue;

            if (_sinceStart is not null && _reports.Wants(relay)) _toldUntil[relay] = _sinceStart.Count;
            _relays.Remove(relay);
            _reports.Lose(relay, _services.Now);
        }

        Look();
    }

    private void OnCount(CountMembers order) => Ask(new Reader(Sender, order, _services.Now));

    private void OnRead(ReadMembers order) => Ask(new Reader(Sender, order, _services.Now));

    private void Ask(Reader reader)
    {
        if (IsExact) Tell(reader);
        else _readers.Add(reader);
    }

    private void Tell(Reader reader)
    {
        if (reader.Order is ReadMembers order) reader.Ref.Tell(PageOf(order));
        else reader.Ref.Tell(new MembersCount(_members.Clients, _members.Users));
    }

    private MembersPage PageOf(ReadMembers order)
    {
        if (order.Life.Length > 0 && order.Life != _life) return new MembersPage(_life, 0, 0, [], More: false);

        var until = order.Life.Length > 0 ? order.Until : _members.Newest;
        var (members, after, more) = _members.Read(order.After, until, MembersFrame.MaxBytes);
        return new MembersPage(_life, after, until, members, more);
    }

    private void AnswerReaders()
    {
        if (_readers.Count == 0 || !IsExact) return;

        foreach (var reader in _readers) Tell(reader);
        _readers.Clear();
    }

    private void ReadFormer(ulong cursor) =>
        _services.Bus.ReadMembersAsync(_keys, cursor).PipeTo(Self, success: page => new FormerRead(cursor, page, null), failure: fault => new FormerRead(cursor, null, fault));

    private void OnFormerRead(FormerRead read)
    {
        if (_isLoaded) return;

        if (read.Page is null)
        {
            if (!_reading.IsOpen) _services.Log.LogWarning("Who was on {Channel} before cannot be read: {Reason}", _channel, read.Fault!.Message);
            Timers.StartSingleTimer(Tick.ReadAgain, new ReadAgain(read.Cursor), _reading.Failed());
            return;
        }

        foreach (var (client, stored) in read.Page.Members)
        {
            if (PresenceForm.FromStored(client, stored) is { } former) _members.Know(former.Member, former.Relay, former.Node, _services.Now);
        }

        if (read.Page.Cursor != 0) ReadFormer(read.Page.Cursor);
        else Loaded(knowsFormer: true);
    }

    private void Loaded(bool knowsFormer)
    {
        (_isLoaded, _reports.KnowsFormer) = (true, knowsFormer);
        if (!knowsFormer) _store.WriteAnew();

        Look();
    }

    private void OnTick(Tick tick)
    {
        if (tick == Tick.Look) Look();
        else if (tick == Tick.WriteAgain) Write();
        else Write(renew: true);
    }

    /// <summary>Who does not come back has gone.</summary>
    private void Look()
    {
        var before = _services.Now - _services.Settings.Channel.AwaitMembers;

        // Redis does not say who was there. Who is, the relays have said long ago, and wait for the answer.
        if (!_isLoaded && _since <= before) Loaded(knowsFormer: false);
        if (!_isLoaded) return;

        // A node that is cut off loses its relays elsewhere, whose members have not gone.
        if (!_services.MayOwn) _members.AwaitFrom(_services.Now);
        else if (!_members.IsExact) _members.Expire(_services.Nodes.Living(), before, _changes);
        TakeEarly(before);
        FlushSoon();
        AnswerReaders();
        foreach (var late in _readers.Where(reader => reader.Since <= before)) late.Ref.Tell(MembersUnknown.Instance);
        _readers.RemoveAll(reader => reader.Since <= before);

        if (_since > before || !_members.IsExact || _early.Count > 0) return;
        _sinceStart = null;
        _toldUntil.Clear();
        Timers.Cancel(Tick.Look);
    }

    private void FlushSoon()
    {
        if (!_members.IsExact && !Timers.IsTimerActive(Tick.Look)) Timers.StartPeriodicTimer(Tick.Look, Tick.Look, LookEvery);
        AnswerReaders();
        if (_flushing || (_changes.Count == 0 && _members.Touched.Count == 0)) return;

        _flushing = true;
        Self.Tell(Flush.Instance);
    }

    /// <summary>What has changed in this turn of the actor goes out together.</summary>
    private void OnFlush()
    {
        _flushing = false;
        foreach (var change in MembersFrame.Cut(_changes.ToArray()))
        {
            foreach (var (relay, reference) in _relays) if (_reports.Wants(relay)) Answer(reference, change);
        }

        _sinceStart?.AddRange(_changes);
        _changes.Clear();
        Write();
    }

    private void Write(bool renew = false)
    {
        if (!_services.Nodes.HasSuccessors)
        {
            _members.Touched.Clear();
            return;
        }

        if (!_isLoaded || Timers.IsTimerActive(Tick.WriteAgain)) return;
        if (!_services.MayOwn)
        {
            // What stands in Redis may be another owner's.
            Timers.StartSingleTimer(Tick.WriteAgain, Tick.WriteAgain, _writing.Failed());
            return;
        }

        if (_store.Next(renew) is not { } order) return;

        _services.Bus.WriteMembersAsync(_keys, order).PipeTo(Self, success: count => new Written(count, null), failure: fault => new Written(0, fault));
    }

    private void OnWritten(Written written)
    {
        if (written.Fault is not null)
        {
            if (!_writing.IsOpen && written.Fault is RedisRefusedException) _services.Log.LogWarning("Who is on {Channel} cannot be kept: {Reason}", _channel, written.Fault.Message);
            _store.Failed();
            Timers.StartSingleTimer(Tick.WriteAgain, Tick.WriteAgain, _writing.Failed());
        }
        else
        {
            _writing.End();
            if (!_store.Written(written.Count)) WriteAnew();
            Write();
        }

        FinishIfDone(hasFailed: written.Fault is not null);
    }

    /// <summary>Redis has lost what stood there, or a former owner writes too. Not again and again.</summary>
    private void WriteAnew()
    {
        if (_services.Now - _services.Settings.Channel.AwaitMembers < _wroteAnewAt) return;

        _wroteAnewAt = _services.Now;
        _store.WriteAnew();
    }

    private void OnFinish()
    {
        _finishes = true;
        OnFlush();
        FinishIfDone(hasFailed: _writing.IsOpen);
    }

    private void FinishIfDone(bool hasFailed)
    {
        if (!_finishes || (!hasFailed && _services.Nodes.HasSuccessors && _services.MayOwn && _isLoaded && !_store.IsIdle)) return;

        foreach (var reader in _readers) reader.Ref.Tell(MembersUnknown.Instance);
        Context.Stop(Self);
    }

    /// <summary>As the channel's owner says it.</summary>
    private static void Answer(IActorRef relay, IChannelAnswer answer) => relay.Tell(answer, Context.Parent);

    /// <summary>The channel does not know the relay any more.</summary>
    public sealed record RelayGone(IActorRef Relay);

    /// <summary>The channel stops: what is known is written, then the actor stops too.</summary>
    public sealed record Finish
    {
        public static readonly Finish Instance = new();
    }

    /// <summary>A report that cannot be taken yet.</summary>
    private sealed record Early(ReportPresence Report, IActorRef Relay, TimeSpan Since);

    private sealed record Reader(IActorRef Ref, IPresenceMessage Order, TimeSpan Since);

    private sealed record FormerRead(ulong Cursor, MembersScan? Page, Exception? Fault);

    private sealed record Written(long Count, Exception? Fault);

    private sealed record Flush
    {
        public static readonly Flush Instance = new();
    }

    private sealed record ReadAgain(ulong Cursor);

    private sealed record Tick(string Name)
    {
        public static readonly Tick Look = new("look");
        public static readonly Tick Renew = new("renew");
        public static readonly Tick ReadAgain = new("read again");
        public static readonly Tick WriteAgain = new("write again");
    }
}
