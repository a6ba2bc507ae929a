using Broker.Hocon;

namespace Broker.Host.Gateway;

/// <summary>The Redis command gateway in an ASP.NET application, where it is configured.</summary>
internal static class GatewayRoutes
{
    /// <exception cref="HoconException">A setting is wrong, or a command cannot be allowed.</exception>
    public static void AddGateway(this IServiceCollection services, HoconObject configuration)
    {
        services.AddSingleton(GatewaySettings.Read(configuration));
        services.AddSingleton<GatewayClients>();
        services.AddSingleton<GatewayEndpoint>();
    }

    public static void MapGateway(this IEndpointRouteBuilder endpoints)
    {
        var services = endpoints.ServiceProvider;
        if (services.GetRequiredService<GatewaySettings>().Path is { } path) endpoints.Map(path, services.GetRequiredService<GatewayEndpoint>().ServeAsync);
    }
}
