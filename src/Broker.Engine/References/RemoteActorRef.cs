using System.Text;

namespace Broker.Engine;

/// <summary>
/// An actor of another node. A Tell makes bytes of the message there and then and puts them into the node's queue; it arrives at most
/// once, in order as long as a link lives.
/// </summary>
internal sealed class RemoteActorRef : ActorRefBase
{
    private readonly Links _links;
    private RemoteNode? _node;

    public RemoteActorRef(Links links, ActorPath path)
    {
        _links = links;
        Path = path;
        Name = path.Uid == 0 ? path.ToStringWithoutAddress() : $"{path.ToStringWithoutAddress()}#{path.Uid}";
        NameBytes = Encoding.UTF8.GetBytes(Name);
    }

    public override ActorPath Path { get; }

    public override LocalActorSystem System => _links.System;

    /// <summary>What its own node calls it.</summary>
    public string Name { get; }

    public byte[] NameBytes { get; }

    /// <summary>Null if the node is known to be gone.</summary>
    private RemoteNode? Node
    {
        get
        {
            if (_node is { IsClosed: false } known)
            {
                return known;
            }

            return _node = _links.IsGone(Path.Address) ? null : _links.NodeAt(Path.Address);
        }
    }

    public override void Tell(object message, IActorRef? sender)
    {
        ThrowIfNull(message);
        if (Node is { } node && TryMakeFrame(message, sender, out var frame))
        {
            node.Send(frame);
        }
        else
        {
            System.DeadLetterMailbox.Lost(message, sender, this);
        }
    }

    public override void SendSystemMessage(SystemMessage message)
    {
        switch (message)
        {
            case Watch watch when Node is { } node:
                node.Watches.Add(this, watch.Watcher);
                break;
            case Watch watch:
                watch.Watcher.SendSystemMessage(new DeathWatchNotification(this, existenceConfirmed: false, addressTerminated: true));
                break;
            case Unwatch unwatch:
                _links.KnownAt(Path.Address)?.Watches.Remove(this, unwatch.Watcher);
                break;
            case Terminate:
                Tell(PoisonPill.Instance, ActorRefs.NoSender);
                break;
        }
    }

    private bool TryMakeFrame(object message, IActorRef? sender, out Frame frame)
    {
        try
        {
            var serializer = System.Serialization.FindSerializerFor(message);
            var bytes = serializer.ToBinary(message);
            var manifest = Serialization.ManifestFor(serializer, message);
            if (MessageFrame.TryWrite(
                serializer.Identifier, NameBytes, _links.NameOfSender(sender), manifest, bytes, _links.Settings.MaxFrame, out frame))
            {
                return true;
            }

            _links.DropTooLong(Path.Address, bytes.Length);
        }
        catch (Exception failure)
        {
            // The serializer is the application's: what it throws is not to fail the sender, who cannot know where the receiver lives.
            System.Log.Error($"A {message.GetType()} cannot be sent to {this}", failure);
        }

        frame = default;
        return false;
    }
}
