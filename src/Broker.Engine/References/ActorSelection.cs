using System.IO.Enumeration;

namespace Broker.Engine;

/// <summary>
/// The actors at a path, looked up at each Tell. <c>*</c> and <c>?</c> stand for characters of a name, <c>..</c> for the parent.
/// </summary>
public class ActorSelection : ICanTell
{
    private readonly IInternalActorRef _anchor;
    private readonly string[] _elements;

    private ActorSelection(IInternalActorRef anchor, string[] elements)
    {
        _anchor = anchor;
        _elements = elements;
    }

    /// <summary>Where the path starts.</summary>
    public IActorRef Anchor => _anchor;

    /// <summary>The path from there.</summary>
    public string PathString => "/" + string.Join('/', _elements);

    /// <summary>Sends a message to every actor that the path leads to, to dead letters if there is none.</summary>
    public void Tell(object message, IActorRef? sender = null)
    {
        if (message is null)
        {
            throw new InvalidMessageException("Message is null.");
        }

        sender ??= ActorCell.CurrentSelf;
        var found = Find();
        foreach (var actor in found)
        {
            actor.Tell(message, sender);
        }

        if (found.Count == 0)
        {
            _anchor.System.DeadLetterMailbox.Lost(message, sender, _anchor.System.DeadLetters);
        }
    }

    /// <summary>The actor that the path leads to.</summary>
    /// <returns>A task that fails if there is none, or if it does not answer in time.</returns>
    public Task<IActorRef> ResolveOne(TimeSpan timeout) => ResolveOne(timeout, CancellationToken.None);

    /// <summary>The actor that the path leads to.</summary>
    /// <returns>A task that fails if there is none, or if it does not answer in time.</returns>
    public async Task<IActorRef> ResolveOne(TimeSpan timeout, CancellationToken ct)
    {
        ActorIdentity identity;
        try
        {
            identity = await this.Ask<ActorIdentity>(new Identify(0), timeout, ct);
        }
        catch (AskTimeoutException late)
        {
            throw new ActorNotFoundException($"Nobody answers at {this}", late);
        }

        return identity.Subject ?? throw new ActorNotFoundException($"Nobody is at {this}");
    }

    /// <inheritdoc/>
    public override string ToString() => $"ActorSelection[Anchor({_anchor.Path}), Path({PathString})]";

    internal static ActorSelection From(LocalActorRef anchor, string path) => From(anchor.System.Root, path, relativeTo: anchor);

    internal static ActorSelection From(LocalActorRef root, string path, LocalActorRef relativeTo)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (Address.TryParse(path, out var address))
        {
            // A path of this system is as good as one without its address. On another node it names one actor: no patterns.
            var slash = path.IndexOf('/', path.IndexOf("://", StringComparison.Ordinal) + 3);
            return ((ActorRefProvider)root.System.Provider).IsHere(address!)
                ? new ActorSelection(root, Split(slash < 0 ? "" : path[slash..]))
                : new ActorSelection((IInternalActorRef)root.System.Provider.ResolveActorRef(path), []);
        }

        return new ActorSelection(path.StartsWith('/') ? root : relativeTo, Split(path));
    }

    private static string[] Split(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries);

    private List<IInternalActorRef> Find()
    {
        List<IInternalActorRef> found = [_anchor];
        foreach (var element in _elements)
        {
            found = [.. found.SelectMany(actor => Step(actor, element)).Distinct()];
        }

        return found;
    }

    private static IEnumerable<IInternalActorRef> Step(IInternalActorRef from, string element)
    {
        if (element == "..")
        {
            return from.Parent is LocalActorRef parent ? [parent] : [];
        }

        if (from is not LocalActorRef { Cell: { } cell })
        {
            return [];
        }

        if (element.AsSpan().IndexOfAny('*', '?') >= 0)
        {
            return cell.Children.Where(child => FileSystemName.MatchesSimpleExpression(element, child.Name, ignoreCase: false));
        }

        var hash = element.IndexOf('#', StringComparison.Ordinal);
        var name = hash < 0 ? element : element[..hash];
        return cell.FindChild(name) is { } found && (hash < 0 || found.Path.ToStringWithUid().EndsWith(element, StringComparison.Ordinal))
            ? [found]
            : [];
    }
}
