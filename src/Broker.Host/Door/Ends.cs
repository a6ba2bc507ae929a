using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace Broker.Host.Door;

/// <summary>Between whom a connection is. Middleware may know better.</summary>
internal sealed class Ends(ConnectionContext connection) : IHttpConnectionFeature
{
    private string? _id;

    /// <summary>Made when somebody asks for it: it would stay with the connection.</summary>
    public string ConnectionId
    {
        get => _id ?? connection.ConnectionId;
        set => _id = value;
    }

    public IPAddress? RemoteIpAddress { get; set; } = (connection.RemoteEndPoint as IPEndPoint)?.Address;

    public int RemotePort { get; set; } = (connection.RemoteEndPoint as IPEndPoint)?.Port ?? 0;

    public IPAddress? LocalIpAddress { get; set; } = (connection.LocalEndPoint as IPEndPoint)?.Address;

    public int LocalPort { get; set; } = (connection.LocalEndPoint as IPEndPoint)?.Port ?? 0;
}
