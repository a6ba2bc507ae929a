using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace Broker.Host.Server;

/// <summary>Binds the server's addresses; what it sets, the clients' sockets inherit.</summary>
internal static class ListenSocket
{
    /// <summary>Linux's TCP_NOTSENT_LOWAT.</summary>
    private const int NotSentLowWater = 25;

    /// <summary>
    /// Bytes that the system takes of what a client cannot be sent yet. Its buffer grows to megabytes: a client that does not read was found out late, one that reads slowly was given
    /// what had long been replaced, and a ping stood behind all of it.
    /// </summary>
    private const int MaxNotSent = 128 * 1024;

    public static Socket Bind(EndPoint address)
    {
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(address);
        if (OperatingSystem.IsLinux() && address is IPEndPoint) socket.SetRawSocketOption((int)SocketOptionLevel.Tcp, NotSentLowWater, BitConverter.GetBytes(MaxNotSent));
        return socket;
    }
}
