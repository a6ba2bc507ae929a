namespace Broker.Engine;

/// <summary>The children of one actor by name. The one part of a cell that other threads may touch, so it has a lock.</summary>
internal sealed class Children
{
    /// <summary>Those of an actor that ends without ever having had any.</summary>
    public static readonly Children None = new();

    private readonly Dictionary<string, LocalActorRef> _byName = [];
    private Dictionary<LocalActorRef, RestartCount>? _restarts;
    private int _dying;
    private long _nameless;
    private bool _isClosed;

    public int Count
    {
        get
        {
            lock (_byName)
            {
                return _byName.Count;
            }
        }
    }

    /// <summary>How many have been told to stop by their parent and have not stopped yet.</summary>
    public int Dying => _dying;

    public LocalActorRef Add(ActorCell parentCell, LocalActorRef parent, string? name, Props props, Dispatcher dispatcher)
    {
        lock (_byName)
        {
            if (_isClosed)
            {
                throw new InvalidOperationException($"Cannot create new children while terminating or terminated: {parentCell.PathText}");
            }

            name ??= Nameless(_nameless++);
            if (_byName.ContainsKey(name))
            {
                throw new InvalidActorNameException($"Actor name \"{name}\" is not unique below {parentCell.PathText}.");
            }

            var child = new LocalActorRef(parent, name, props, dispatcher);
            _byName.Add(name, child);
            return child;
        }
    }

    public LocalActorRef? Find(string name)
    {
        lock (_byName)
        {
            return _byName.GetValueOrDefault(name);
        }
    }

    public bool Contains(LocalActorRef child) => ReferenceEquals(Find(child.Name), child);

    public LocalActorRef[] ToArray()
    {
        lock (_byName)
        {
            return [.. _byName.Values];
        }
    }

    /// <summary>Nobody can be added any more.</summary>
    public void Close()
    {
        lock (_byName)
        {
            _isClosed = true;
        }
    }

    /// <summary>The parent has told the child to stop.</summary>
    public void Condemn(LocalActorRef child)
    {
        if (!child.IsDying && Contains(child))
        {
            child.IsDying = true;
            _dying++;
        }
    }

    public void Remove(LocalActorRef child)
    {
        lock (_byName)
        {
            _byName.RemoveAndShrink(child.Name);
        }

        _restarts?.Remove(child);
        if (child.IsDying)
        {
            _dying--;
        }
    }

    public RestartCount RestartsOf(LocalActorRef child)
    {
        _restarts ??= [];
        if (!_restarts.TryGetValue(child, out var count))
        {
            _restarts.Add(child, count = new RestartCount());
        }

        return count;
    }

    private static string Nameless(long number)
    {
        const string digits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+~";
        Span<char> text = stackalloc char[12];
        var length = 0;
        text[length++] = '$';
        do
        {
            text[length++] = digits[(int)(number & 63)];
            number >>= 6;
        }
        while (number > 0);

        return new string(text[..length]);
    }
}
