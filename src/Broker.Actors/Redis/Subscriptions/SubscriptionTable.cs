using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Broker.Actors.Redis.Subscriptions;

/// <summary>
/// Who subscribes to what on the one connection, what Redis has confirmed of it, and which fences wait for which PONG. Decides and writes commands into a
/// buffer; knows no socket. Not thread safe: <see cref="SubscriptionReader"/> locks.
/// </summary>
/// <remarks>
/// Redis answers commands in the order in which they were sent. So each name counts what was sent and what was answered, and a subscriber is confirmed when the
/// answer to its own SUBSCRIBE has come: an older one's answers and messages are never taken for a newer one's. A refused SUBSCRIBE of many names does not say which
/// of them it is about: each is then sent by itself.
/// </remarks>
internal sealed class SubscriptionTable
{
    public const int BatchSize = 512;

    private readonly Dictionary<string, Subscription> _subscriptions = new(StringComparer.Ordinal);
    private readonly Dictionary<byte[], Name> _names = new(NameBytes.Comparer);
    private readonly Dictionary<byte[], Name>.AlternateLookup<ReadOnlySpan<byte>> _lookup;
    private readonly Queue<SentCommand> _unanswered = new();
    private readonly Dictionary<long, (Subscription Subscription, long? Ticket)> _fences = [];
    private readonly List<(string Channel, long Fence)> _wantedFences = [];
    private SentCommand? _unsentPing;
    private SentCommand? _verifyingPing;
    private Name? _latest;
    private bool _connected;
    private bool _isCluster;
    private volatile bool _verified;
    private long _lastFence;

    public SubscriptionTable() => _lookup = _names.GetAlternateLookup<ReadOnlySpan<byte>>();

    /// <summary>Commands that wait to be sent; empty while there is no connection.</summary>
    public ArrayBufferWriter<byte> Outbox { get; private set; } = new();

    public int Count => _subscriptions.Count;

    public bool AwaitsPong => _unanswered.Any(command => command.IsPing);

    /// <summary>Everything was subscribed, and confirmed or refused, since the connection was made.</summary>
    public bool IsVerified => _verified;

    public void Subscribe(string channel, string? markChannel, IArrivals arrivals)
    {
        if (_subscriptions.TryGetValue(channel, out var former)) Remove(former);

        var subscription = new Subscription(channel, markChannel, arrivals);
        _subscriptions[channel] = subscription;
        Listen(channel, subscription, isMark: false);
        if (markChannel is not null) Listen(markChannel, subscription, isMark: true);
    }

    public void Unsubscribe(string channel, IArrivals arrivals)
    {
        if (_subscriptions.TryGetValue(channel, out var subscription) && subscription.Arrivals == arrivals) Remove(subscription);
    }

    public void Fence(string channel, long ticket)
    {
        if (!_subscriptions.TryGetValue(channel, out var subscription) || !subscription.Confirmed) return;

        (_unsentPing ?? SendPing()).Fences.Add((subscription, ticket));
    }

    /// <summary>On Redis Cluster, a channel of our own: a message on it, with a fence's number, opens that fence.</summary>
    public void SubscribeFences(string channel)
    {
        _isCluster = true;
        var bytes = NameBytes.Of(channel);
        if (_names.ContainsKey(bytes)) return;

        var name = new Name(bytes) { IsForFences = true };
        _names[bytes] = name;
        if (_connected) SendNext("SUBSCRIBE", name);
    }

    /// <summary>A fence that a message on the fence channel opens. Its number; 0 when there is nothing to fence.</summary>
    public long AddFence(string channel, long ticket)
    {
        if (!_subscriptions.TryGetValue(channel, out var subscription) || !subscription.Confirmed) return 0;

        _fences[++_lastFence] = (subscription, ticket);
        return _lastFence;
    }

    /// <summary>
    /// Fences that subscriptions with marks wait for before they are confirmed, to be published now: on Redis Cluster, what was published before the SUBSCRIBE can come behind it, and
    /// copies without their mark would be taken for somebody else's publications.
    /// </summary>
    public IReadOnlyList<(string Channel, long Fence)> TakeWantedFences()
    {
        if (_wantedFences.Count == 0) return [];

        var taken = _wantedFences.ToArray();
        _wantedFences.Clear();
        return taken;
    }

    public bool AwaitsFence(long number) => _fences.ContainsKey(number);

    /// <summary>A PING whose PONG also proves that everything sent before it was answered.</summary>
    public SentCommand SendPing()
    {
        RespCommand.Write(Outbox, "PING");
        _unsentPing = new SentCommand();
        _unanswered.Enqueue(_unsentPing);
        return _unsentPing;
    }

    /// <summary>Takes what is to be sent now.</summary>
    public ArrayBufferWriter<byte> TakeOutbox()
    {
        var taken = Outbox;
        Outbox = new ArrayBufferWriter<byte>();
        _unsentPing = null;
        return taken;
    }

    /// <summary>A new connection: everything is subscribed again, and verified by a PING.</summary>
    public void Connected()
    {
        _connected = true;
        foreach (var name in _names.Values) name.Begin();
        foreach (var batch in _names.Values.Chunk(BatchSize)) Send("SUBSCRIBE", batch);
        _verifyingPing = SendPing();
    }

    public void Disconnected(Deliveries deliveries)
    {
        _connected = false;
        _verified = false;
        _unanswered.Clear();
        _fences.Clear();
        _wantedFences.Clear();
        TakeOutbox();
        foreach (var subscription in _subscriptions.Values)
        {
            if (subscription.Confirmed) deliveries.Lost(subscription);
            (subscription.Confirmed, subscription.Refused) = (false, false);
        }

        foreach (var name in _names.Values.Where(name => !name.IsWanted).ToArray()) Forget(name);
    }

    /// <summary>What Redis sent.</summary>
    /// <exception cref="RespProtocolException">It refused more than a channel, or answered what was not asked.</exception>
    public void Read(in RespFrame frame, Deliveries deliveries)
    {
        var type = frame.Count > 0 ? frame.Bytes(0) : default;
        if (frame.IsError) Refuse(Encoding.UTF8.GetString(type), deliveries);
        else if (frame.Count == 3 && type.SequenceEqual("message"u8)) Message(frame.Bytes(1), frame.Bytes(2), deliveries);
        else if (frame.Count == 3 && (type.SequenceEqual("subscribe"u8) || type.SequenceEqual("unsubscribe"u8))) Confirm(frame.Bytes(1), deliveries);
        else if (type.SequenceEqual(frame.IsArray ? "pong"u8 : "PONG"u8)) Pong(deliveries);
        else throw new RespProtocolException("Redis sent what a subscription does not send");
    }

    private void Message(ReadOnlySpan<byte> channel, ReadOnlySpan<byte> payload, Deliveries deliveries)
    {
        if (!TryFind(channel, out var name)) return;
        if (name.IsForFences) Open(payload, deliveries);

        byte[]? bytes = null;
        if (name.AsChannel is { Confirmed: true } subscription) deliveries.Arrived(subscription, new Arrival(bytes = payload.ToArray(), IsMark: false));
        if (name.AsMark is { Confirmed: true } marked) deliveries.Arrived(marked, new Arrival(bytes ?? payload.ToArray(), IsMark: true));
    }

    private void Confirm(ReadOnlySpan<byte> channel, Deliveries deliveries)
    {
        if (!_unanswered.TryPeek(out var command) || command.IsPing || !channel.SequenceEqual(command.Next.Bytes))
            throw new RespProtocolException("Redis confirmed a channel that nobody asked for");

        var name = command.TakeNext();
        if (command.IsAnswered) _unanswered.Dequeue();
        name.Answered++;
        ConfirmTo(name.AsChannel, deliveries);
        ConfirmTo(name.AsMark, deliveries);
        ForgetUnwanted(name);
    }

    private void Refuse(string reason, Deliveries deliveries)
    {
        if (!IsAboutChannels(reason) || !_unanswered.TryDequeue(out var command) || command.IsPing || command.IsForFencesAlone)
            throw new RespProtocolException("Redis refused a subscription: " + reason);

        if (command.Names.Count == 1) Refuse(command.Next, reason, deliveries);
        else SendOneByOne(command.Names);
    }

    /// <summary>The user may subscribe, but not this. Anything else, such as no right to SUBSCRIBE at all or a missing password, is about the whole connection.</summary>
    private static bool IsAboutChannels(string reason) =>
        reason.StartsWith("NOPERM ", StringComparison.Ordinal) && !reason.Contains("permissions to run", StringComparison.Ordinal);

    private static void Refuse(Subscription? subscription, string reason, Deliveries deliveries)
    {
        if (subscription is null or { Confirmed: true } or { Refused: true }) return;

        subscription.Refused = true;
        deliveries.Refused(subscription, reason);
    }

    private void Refuse(Name name, string reason, Deliveries deliveries)
    {
        name.Answered++;
        if (name.ChannelIsAnswered) Refuse(name.AsChannel, reason, deliveries);
        if (name.MarkIsAnswered) Refuse(name.AsMark, reason, deliveries);
        ForgetUnwanted(name);
    }

    /// <summary>In place of a command that was refused: what was sent of these names since is answered before.</summary>
    private void SendOneByOne(IReadOnlyList<Name> names)
    {
        foreach (var name in names)
        {
            if (name.IsWanted)
            {
                Send("SUBSCRIBE", [name]);
                continue;
            }

            name.Answered++;
            ForgetUnwanted(name);
        }

        if (!_verified) _verifyingPing = SendPing();
    }

    private void ConfirmTo(Subscription? subscription, Deliveries deliveries)
    {
        if (subscription is null or { Confirmed: true } or { Refused: true } || !IsAnswered(subscription)) return;

        if (_isCluster && subscription.MarkChannel is not null) WantFence(subscription);
        else Begin(subscription, deliveries);
    }

    private void WantFence(Subscription subscription)
    {
        _fences[++_lastFence] = (subscription, null);
        _wantedFences.Add((subscription.Channel, _lastFence));
    }

    private static void Begin(Subscription subscription, Deliveries deliveries)
    {
        if (subscription is { Ended: true } or { Confirmed: true } or { Refused: true }) return;

        subscription.Confirmed = true;
        deliveries.Subscribed(subscription);
    }

    private bool IsAnswered(Subscription subscription) =>
        _names[NameBytes.Of(subscription.Channel)].ChannelIsAnswered
        && (subscription.MarkChannel is null || _names[NameBytes.Of(subscription.MarkChannel)].MarkIsAnswered);

    private void Pong(Deliveries deliveries)
    {
        if (!_unanswered.TryDequeue(out var ping)) throw new RespProtocolException("a PONG without a PING");
        if (!ping.IsPing) throw new RespProtocolException("a subscription was not confirmed");

        _verified |= ping == _verifyingPing;
        foreach (var (subscription, ticket) in ping.Fences) Pass(subscription, ticket, deliveries);
    }

    private void Open(ReadOnlySpan<byte> number, Deliveries deliveries)
    {
        if (!Utf8Parser.TryParse(number, out long fence, out _) || !_fences.Remove(fence, out var opened)) return;

        if (opened.Ticket is { } ticket) Pass(opened.Subscription, ticket, deliveries);
        else Begin(opened.Subscription, deliveries);
    }

    private static void Pass(Subscription subscription, long ticket, Deliveries deliveries)
    {
        if (subscription.Confirmed) deliveries.Passed(subscription, ticket);
    }

    private void Listen(string channel, Subscription subscription, bool isMark)
    {
        var bytes = NameBytes.Of(channel);
        if (!_names.TryGetValue(bytes, out var name)) _names[bytes] = name = new Name(bytes);

        if (_connected) SendNext("SUBSCRIBE", name);
        if (isMark) name.SetMark(subscription);
        else name.SetChannel(subscription);
    }

    private void Remove(Subscription subscription)
    {
        subscription.End();
        subscription.Confirmed = false;
        _subscriptions.Remove(subscription.Channel);

        StopListening(subscription.Channel, subscription);
        if (subscription.MarkChannel is { } mark) StopListening(mark, subscription);
    }

    private void StopListening(string channel, Subscription subscription)
    {
        if (!_names.TryGetValue(NameBytes.Of(channel), out var name)) return;

        if (name.AsChannel == subscription) name.SetChannel(null);
        if (name.AsMark == subscription) name.SetMark(null);
        if (name.IsWanted) return;

        if (_connected) SendNext("UNSUBSCRIBE", name);
        else Forget(name);
    }

    private void SendNext(string command, Name name)
    {
        Send(command, [name]);
        name.Sent++;
    }

    private void Send(string command, Name[] names)
    {
        RespCommand.Write(Outbox, command, Array.ConvertAll(names, name => name.Bytes));
        _unanswered.Enqueue(new SentCommand(names));
    }

    private void ForgetUnwanted(Name name)
    {
        if (!name.IsWanted && name.Answered == name.Sent) Forget(name);
    }

    private void Forget(Name name)
    {
        _names.Remove(name.Bytes);
        if (_latest == name) _latest = null;
    }

    /// <summary>Messages of one channel come in runs: the latest name is looked at first.</summary>
    private bool TryFind(ReadOnlySpan<byte> channel, [NotNullWhen(true)] out Name? name)
    {
        name = _latest;
        if (name is not null && channel.SequenceEqual(name.Bytes)) return true;
        if (!_lookup.TryGetValue(channel, out name)) return false;

        _latest = name;
        return true;
    }
}
