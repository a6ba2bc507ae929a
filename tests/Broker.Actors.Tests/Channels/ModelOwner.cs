using Broker.Actors.Channels;
using Broker.Actors.Redis;
using Broker.Actors.Settings;

namespace Broker.Actors.Tests.Channels;

/// <summary>
/// Drives a <see cref="Ledger"/> against a <see cref="ModelRedis"/> as its actor does, one chance at a time: commands are carried out and answered when chance says so, or fail
/// before or after they were.
/// </summary>
internal sealed class ModelOwner
{
    private readonly ModelRedis _redis;
    private readonly Choices _choices;
    private readonly HistoryLimits _limits;
    private readonly Func<string> _newEpoch;
    private readonly List<Command> _commands = [];
    private readonly Queue<Arrival> _arrivals = new();
    private bool _tryAgain;
    private bool _begun;
    private bool _subscribed;
    private bool _lostUntold;
    private bool _owned;
    private bool _reading;
    private int _takingOver;
    private byte[]? _fence;

    public ModelOwner(string name, ModelRedis redis, Choices choices, HistoryLimits limits, Func<string> newEpoch)
    {
        (Name, _redis, _choices, _limits, _newEpoch) = (name, redis, choices, limits, newEpoch);
        Ledger = new Ledger(ChannelName.Broadcast("model"), limits, new Room(new WaitingLimits(1000, 1_000_000)));
        ReadPosition();
    }

    public string Name { get; }

    public Ledger Ledger { get; }

    public List<Publication> Delivered { get; } = [];

    public List<Ledger.Answer> Answered { get; } = [];

    public List<object> Refused { get; } = [];

    public bool IsStopped { get; private set; }

    public bool IsOwning => _owned && _subscribed && !IsStopped;

    public bool IsQuiet => _commands.Count == 0 && _arrivals.Count == 0 && !_tryAgain && !_lostUntold && (!_begun || _subscribed);

    public void Publish(byte[] payload, string id)
    {
        if (IsStopped || !Ledger.Accepts)
        {
            Refused.Add(id);
            return;
        }

        Ledger.Publish(new OutgoingPublication(payload, id, null, 0), id);
        Proceed();
    }

    /// <summary>Something that is due happens. False if nothing is.</summary>
    public bool Step()
    {
        Action[] due = [.. Due()];
        if (due.Length == 0) return false;

        due[_choices.Next(due.Length)]();
        return true;
    }

    /// <summary>A command fails, carried out or not; if not, it may still be, later.</summary>
    public void TimeOut()
    {
        var open = _commands.Where(command => !command.Told).ToArray();
        if (open.Length == 0) return;

        var command = open[_choices.Next(open.Length)];
        Say($"{command.Name} fails{(command.Executed ? ", carried out" : "")}");
        command.Told = true;
        if (command.Executed || _choices.Once(2)) _commands.Remove(command);
        command.Done(null);
    }

    /// <summary>The subscription breaks. What was read from it still arrives.</summary>
    public void Break()
    {
        if (!_subscribed || _lostUntold) return;

        Say("subscription breaks");
        _redis.Unsubscribe(_arrivals);
        var read = _arrivals.Take(_choices.Next(_arrivals.Count + 1)).ToArray();
        _arrivals.Clear();
        foreach (var arrival in read) _arrivals.Enqueue(arrival);
        _lostUntold = true;
    }

    /// <summary>The process dies.</summary>
    public void Die()
    {
        Say("stops");
        _redis.Unsubscribe(_arrivals);
        _arrivals.Clear();
        foreach (var command in _commands.Where(command => !command.Executed && _choices.Once(2)).ToArray()) command.Run();
        Refused.AddRange(Ledger.AppendFailed());
        Refused.AddRange(Ledger.Lost());
        _commands.Clear();
        (_tryAgain, _lostUntold, _subscribed, IsStopped) = (false, false, false, true);
    }

    private IEnumerable<Action> Due()
    {
        if (IsStopped) yield break;

        if (_commands.Find(command => !command.Executed) is { } next) yield return () => Execute(next);
        if (_commands.Find(command => command is { Executed: true, Told: false }) is { } done) yield return () => Tell(done);
        if (_arrivals.Count > 0) yield return Arrive;
        else if (_lostUntold) yield return TellLost;
        if (_begun && !_subscribed && !_lostUntold) yield return Confirm;
        if (_tryAgain) yield return TryAgain;
    }

    private void Execute(Command command)
    {
        Say($"{command.Name} is carried out");
        command.Run();
        if (command.Told) _commands.Remove(command);
    }

    private void Tell(Command command)
    {
        Say($"{command.Name} is answered: {command.Result}");
        _commands.Remove(command);
        command.Done(command.Result);
    }

    private void Arrive()
    {
        var count = 1 + _choices.Next(_arrivals.Count);
        Say($"{count} arrive: {string.Join(' ', _arrivals.Take(count).Select(arrival => System.Text.Encoding.UTF8.GetString(arrival.Payload)))}");
        for (var i = 0; i < count; i++)
        {
            var arrival = _arrivals.Dequeue();
            if (!IsFence(arrival)) Ledger.Arrived(arrival);
            else if (ReferenceEquals(arrival.Payload, _fence)) Ledger.Passed();
        }

        Proceed();
    }

    private void TellLost()
    {
        Say("is told of the break");
        _lostUntold = _subscribed = _owned = false;
        Refused.AddRange(Ledger.Lost());
    }

    private void Confirm()
    {
        Say("is subscribed");
        _redis.Subscribe(_arrivals);
        _subscribed = true;
        Ledger.Subscribed();
        TakeOver();
    }

    private void TryAgain()
    {
        _tryAgain = false;
        if (!_begun) ReadPosition();
        else if (!_owned) TakeOver();
    }

    private void ReadPosition() => Send("read position", () => _redis.Position ?? new StreamPosition("", 0), answer =>
    {
        if (answer is not StreamPosition position)
        {
            _tryAgain = true;
            return;
        }

        Ledger.Begin(position.Epoch.Length > 0 ? position : null);
        _begun = true;
    });

    private void TakeOver()
    {
        _owned = false;
        if (!_subscribed || Ledger.IsAppending || Ledger.IsSuperseded) return;
        if (_takingOver > 0)
        {
            _takingOver = 2;
            return;
        }

        _takingOver = 1;
        _fence = null;
        var order = Ledger.BeginTakeOver(_newEpoch());
        Send("take over", () => _redis.TakeOver(order), answer =>
        {
            var again = _takingOver == 2;
            _takingOver = 0;
            if (again || !_subscribed)
            {
                TakeOver();
                return;
            }

            if (answer is not TakenOver taken)
            {
                Refused.AddRange(Ledger.RefuseWaiting());
                _tryAgain = true;
                return;
            }

            Ledger.TakenOver(taken);
            Proceed();
        });
    }

    private void Proceed()
    {
        if (IsStopped) return;
        if (Ledger.IsSuperseded)
        {
            Die();
            return;
        }

        if (Ledger.MustTakeOver)
        {
            TakeOver();
            return;
        }

        if (Ledger.NeedsHistory)
        {
            Read();
            return;
        }

        if (Ledger.NeedsFence)
        {
            AskForFence();
            return;
        }

        if (Ledger.IsOwning) _owned = true;

        var append = Ledger.NextAppend(Answered);
        if (append is not null) Send($"append {Show(append)}", () => _redis.Append(append), OnAppended);
    }

    private void AskForFence()
    {
        if (_fence is not null) return;

        var fence = _fence = "fence"u8.ToArray();
        Send(
            "fence",
            () =>
            {
                _redis.Fence(_arrivals, new Arrival(fence, IsMark: true));
                return fence;
            },
            answer => _tryAgain |= answer is null);
    }

    private static bool IsFence(Arrival arrival) => arrival.IsMark && arrival.Payload.AsSpan().SequenceEqual("fence"u8);

    private void Read()
    {
        if (_reading) return;

        _reading = true;
        var after = Ledger.Position.Offset;
        Send($"read history after {after}", () => _redis.Read(after, 2), answer =>
        {
            _reading = false;
            if (!Ledger.NeedsHistory) return;

            if (answer is not HistoryPage page || !Ledger.CaughtUp(page, Delivered))
            {
                _owned = false;
                _tryAgain = true;
                return;
            }

            Proceed();
        });
    }

    private void OnAppended(object? answer)
    {
        if (answer is not Appended appended)
        {
            _owned = false;
            Refused.AddRange(Ledger.AppendFailed());
            Refused.AddRange(Ledger.RefuseWaiting());
            if (_subscribed) _tryAgain = true;
            return;
        }

        var holds = Ledger.Appended(appended, Delivered, Answered);
        if (!_subscribed) Refused.AddRange(Ledger.RefuseWaiting());
        if (!Ledger.IsSuperseded && (!holds || !_owned)) TakeOver();
        else Proceed();
    }

    private static string Show(Append append) =>
        string.Join(' ', append.Publications.Select(one => (one.Foreign ? "foreign " : one.PublishId + "=") + System.Text.Encoding.UTF8.GetString(one.Payload)));

    private void Send(string name, Func<object> run, Action<object?> done) => _commands.Add(new Command(name, run, done));

    private void Say(string what) => _choices.Step($"{Name}: {what}");

    private sealed class Command(string name, Func<object> run, Action<object?> done)
    {
        public string Name { get; } = name;

        public Action<object?> Done { get; } = done;

        public bool Executed { get; private set; }

        public bool Told { get; set; }

        public object? Result { get; private set; }

        public void Run() => (Result, Executed) = (run(), true);
    }
}
