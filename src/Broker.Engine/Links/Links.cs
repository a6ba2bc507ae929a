using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;

namespace Broker.Engine;

/// <summary>
/// A node's links to others: one TCP connection per pair of nodes, whoever dialled it (<see cref="LinkChoice"/>). A stranger who connects
/// has <see cref="LinkSettings.HandshakeTimeout"/> to prove himself (<see cref="Handshake"/>) and costs at most
/// <see cref="Handshake.MaxLength"/> bytes until then; <see cref="LinkSettings.MaxStrangers"/> at once, more are hung up on.
/// </summary>
internal sealed class Links : IDisposable
{
    private static readonly TimeSpan LogInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan CloseTime = TimeSpan.FromSeconds(1);

    /// <summary>Who has left sends back what was on its way to him.</summary>
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan GoneTime = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<Address, RemoteNode> _nodes = new();
    private readonly ConditionalWeakTable<IActorRef, byte[]> _senderNames = [];
    private readonly SparseLog _log;
    private readonly ConcurrentDictionary<Address, long> _gone = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Socket _listener;
    private ImmutableHashSet<Address> _members = [];
    private int _strangers;
    private long _memories;

    /// <exception cref="SocketException">The port is taken, or the host is not this machine's.</exception>
    public Links(LocalActorSystem system, LinkSettings settings)
    {
        (System, Settings) = (system, settings);
        _log = new SparseLog(text => system.Log.Warning(text), LogInterval, () => Stopwatch.GetElapsedTime(0));
        var ip = IPAddress.TryParse(settings.BindHost, out var literal) ? literal : Dns.GetHostAddresses(settings.BindHost)[0];
        _listener = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        _listener.Bind(new IPEndPoint(ip, settings.Port));
        _listener.Listen(512);
        var port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        Self = new NodeIdentity(new Address("akka.tcp", system.Name, settings.Host, port), NodeIdentity.NewUid());
    }

    public LocalActorSystem System { get; }

    public LinkSettings Settings { get; }

    public NodeIdentity Self { get; }

    public LinkCounters Counters { get; } = new();

    public Log Log => System.Log;

    /// <summary>The nodes that this one knows of, linked or not.</summary>
    public IReadOnlyCollection<RemoteNode> Nodes => [.. _nodes.Values];

    /// <summary>Who has connected and not proved himself yet.</summary>
    public int Strangers => Volatile.Read(ref _strangers);

    private HandshakeTerms Terms => new(System.Name, Self, Settings.Secret, Settings.MaxFrame);

    /// <summary>Takes connections: when there are actors.</summary>
    public void Start() => Task.Run(AcceptAsync);

    /// <summary>For a node that is (again) heard of.</summary>
    public long NextMemory() => Interlocked.Increment(ref _memories);

    public RemoteNode NodeAt(Address address) => _nodes.GetOrAdd(address, static (address, links) => new RemoteNode(links, address), this);

    /// <summary>Who only asks, or takes something back, must not make one: what nobody dials nobody forgets.</summary>
    public RemoteNode? KnownAt(Address address) => _nodes.GetValueOrDefault(address);

    public bool IsMember(Address address) => Volatile.Read(ref _members).Contains(address);

    /// <summary>Whose links are to be kept up. The smaller of two nodes dials before it has anything to say.</summary>
    public void SetMembers(IEnumerable<NodeIdentity> members)
    {
        var others = members.Where(member => member.Uid != Self.Uid).ToList();
        Volatile.Write(ref _members, [.. others.Select(member => member.Address)]);
        foreach (var member in others.Where(member => Self.CompareTo(member) < 0))
        {
            NodeAt(member.Address).DialIfNeeded();
        }
    }

    /// <summary>A member is gone: who watches its actors is told. The address may have come back to life meanwhile.</summary>
    public void OnGone(NodeIdentity member, bool hasLeft)
    {
        if (IsMember(member.Address))
        {
            return;
        }

        if (_gone.Count > 1000)
        {
            _gone.Clear();
        }

        _gone[member.Address] = Stopwatch.GetTimestamp();
        if (_nodes.TryGetValue(member.Address, out var node))
        {
            _ = node.CloseSoonAsync(hasLeft ? Linger : TimeSpan.Zero, member.Uid);
        }
    }

    /// <summary>A member was there and is gone, not long ago, and nobody has been heard of at its address since: to dial it is of no use.</summary>
    public bool IsGone(Address address)
    {
        if (!_gone.TryGetValue(address, out var since))
        {
            return false;
        }

        if (Stopwatch.GetElapsedTime(since) < GoneTime && !IsMember(address))
        {
            return true;
        }

        _gone.TryRemove(address, out _);
        return false;
    }

    /// <summary>Somebody is there (again).</summary>
    public void OnHeardOf(Address address) => _gone.TryRemove(address, out _);

    public void Forget(RemoteNode node) => _nodes.TryRemove(KeyValuePair.Create(node.Address, node));

    /// <summary>How a frame names its sender: see <see cref="MessageFrame"/>.</summary>
    public ReadOnlySpan<byte> NameOfSender(IActorRef? sender) => sender switch
    {
        null => [],
        RemoteActorRef remote => Encoding.UTF8.GetBytes(remote.Path.ToSerializationFormat()),
        _ => _senderNames.GetValue(sender, static actor => Encoding.UTF8.GetBytes(
            actor.Path.Uid == 0 ? actor.Path.ToStringWithoutAddress() : $"{actor.Path.ToStringWithoutAddress()}#{actor.Path.Uid}")),
    };

    /// <summary>Makes a connection to a node and shakes hands.</summary>
    /// <returns>False if the node keeps the link that it has.</returns>
    public async Task<bool> DialAsync(RemoteNode node)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        timeout.CancelAfter(Settings.HandshakeTimeout);
        var wire = await Wire.DialAsync(node.Address, Settings, timeout.Token).ConfigureAwait(false);
        try
        {
            var handshake = Handshake.Dial(Terms, node.Address, wire.Binding);
            var outcome = await wire.ShakeHandsAsync(handshake, isDialler: true, timeout.Token).ConfigureAwait(false);
            if (outcome == HandshakeStep.Duplicate)
            {
                wire.Dispose();
                return false;
            }

            _log.Forget($"dial {node.Address}");
            node.Attach(wire, handshake.Peer!, isDialledHere: true);
            return true;
        }
        catch
        {
            wire.Dispose();
            throw;
        }
    }

    public void LogFailedDial(Address address, Exception failure)
    {
        if (!_stop.IsCancellationRequested)
        {
            _log.Say($"dial {address}", $"No link to {address}: {failure.Message}");
        }
    }

    /// <summary>A frame was longer than this or the other node takes, and is not sent.</summary>
    public void DropTooLong(Address address, long length)
    {
        Counters.CountDropped();
        _log.Say($"long {address}", $"A message of {length} bytes is not sent to {address}: it is longer than akka.remote.dot-netty.tcp.maximum-frame-size here or there");
    }

    public void LogFull(Address address) => _log.Say(
        $"full {address}", $"More is to be sent to {address} than goes out: what akka.remote.link.queue-size has no room for is dropped");

    /// <summary>
    /// Waits until the others, who have been told that this node leaves, have closed their ends, so that nothing is lost that they sent
    /// before they knew; not for long.
    /// </summary>
    public async Task CloseAsync()
    {
        SetMembers([]);
        await Task.WhenAny(Task.WhenAll(_nodes.Values.Select(node => node.LinkEnded)), Task.Delay(CloseTime)).ConfigureAwait(false);
        Dispose();
    }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        Volatile.Write(ref _members, []);
        foreach (var node in _nodes.Values)
        {
            node.Close();
        }
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var socket = await _listener.AcceptAsync(_stop.Token).ConfigureAwait(false);
                _ = WelcomeAsync(socket);
            }
            catch (SocketException failure) when (!_stop.IsCancellationRequested)
            {
                _log.Say("accept", $"A connection could not be accepted: {failure.Message}");
                await Task.Delay(Settings.MinBackOff).ConfigureAwait(false);
            }
            catch (Exception over) when (over is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                return;
            }
        }
    }

    private async Task WelcomeAsync(Socket socket)
    {
        if (Interlocked.Increment(ref _strangers) > Settings.MaxStrangers)
        {
            Interlocked.Decrement(ref _strangers);
            Refuse(socket, "crowd", "too many have not proved themselves yet");
            return;
        }

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        timeout.CancelAfter(Settings.HandshakeTimeout);
        Wire? wire = null;
        try
        {
            wire = await Wire.AcceptAsync(socket, Settings, timeout.Token).ConfigureAwait(false);
            var handshake = Handshake.Accept(Terms, wire.Binding, peer => KnownAt(peer.Address)?.Wants(peer, isDialledHere: false) ?? true);
            var outcome = await wire.ShakeHandsAsync(handshake, isDialler: false, timeout.Token).ConfigureAwait(false);
            if (outcome == HandshakeStep.Done)
            {
                NodeAt(handshake.Peer!.Address).Attach(wire, handshake.Peer, isDialledHere: false);
            }
            else
            {
                wire.Dispose();
            }
        }
        catch (Exception failure)
        {
            if (!_stop.IsCancellationRequested)
            {
                // Our own reasons are few; so are the kinds of all others.
                var why = failure is OperationCanceledException ? "it did not prove itself in time" : failure.Message;
                Refuse(socket, failure is LinkRefusedException ? why : failure.GetType().Name, why);
            }

            wire?.Dispose();
            socket.Dispose();
        }
        finally
        {
            Interlocked.Decrement(ref _strangers);
        }
    }

    private void Refuse(Socket socket, string kind, string why)
    {
        var from = WhereFrom(socket);
        socket.Dispose();
        Counters.CountRefused();
        _log.Say($"stranger: {kind}", $"A connection from {from} to the link port is cut off: {why}");
    }

    private static string WhereFrom(Socket socket)
    {
        try
        {
            return (socket.RemoteEndPoint as IPEndPoint)?.Address.ToString() ?? "nowhere";
        }
        catch (Exception gone) when (gone is SocketException or ObjectDisposedException)
        {
            return "somebody who has gone";
        }
    }
}
