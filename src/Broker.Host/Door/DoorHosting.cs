using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Broker.Host.Door;

/// <summary>Puts the door before a Kestrel that is Broker's own.</summary>
internal static class DoorHosting
{
    /// <remarks>
    /// Not for applications that have Broker inside: there is one set of endpoint defaults, which is the application's, and its endpoints may have middleware that must see every byte.
    /// Not for endpoints with TLS either: the door would be before it, and take from anybody in clear what must come encrypted.
    /// </remarks>
    public static void AddWebSocketDoor(this WebApplicationBuilder builder)
    {
        builder.Services.AddSingleton<WebSocketDoor>();
        var kestrel = builder.Services.Last(service => service.ServiceType == typeof(IServer));
        builder.Services.AddSingleton<IServer>(services => new DoorServer(
            (IServer)ActivatorUtilities.CreateInstance(services, kestrel.ImplementationType!), services.GetRequiredService<WebSocketDoor>()));

        builder.WebHost.ConfigureKestrel(options => options.ConfigureEndpointDefaults(endpoint => endpoint.Use(next => Before(endpoint, next))));
    }

    /// <summary>Asked when the endpoint is bound and all is known of it. Its text begins with its scheme, which it shows in no other way.</summary>
    private static ConnectionDelegate Before(ListenOptions endpoint, ConnectionDelegate next)
    {
        var isPlain = $"{endpoint}".StartsWith("http://", StringComparison.Ordinal);
        if (!isPlain || !endpoint.Protocols.HasFlag(HttpProtocols.Http1)) return next;

        var door = endpoint.ApplicationServices.GetRequiredService<WebSocketDoor>();
        return connection => door.ServeAsync(connection, next);
    }
}
