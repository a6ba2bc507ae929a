using Broker.Hocon;
using Broker.Host.Identity;
using Broker.Host.Policy;
using Broker.Host.Rich;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Broker.Host.Clients;

/// <summary>The client's side of Broker in an ASP.NET application: websockets, raw channels and publishing by POST.</summary>
internal static class ClientRoutes
{
    /// <summary>Reads the settings of clients and registers what serves them. Needs <see cref="BrokerHost"/>.</summary>
    /// <exception cref="HoconException">A setting is wrong.</exception>
    public static IServiceCollection AddBrokerClients(this IServiceCollection services, HoconObject configuration)
    {
        var settings = ClientSettings.Read(configuration);
        services.AddSingleton(settings);
        services.AddSingleton(new Tokens(settings.Jwt));
        services.TryAddSingleton<IAudienceWords, ClassicWords>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<Callbacks>();
        services.AddSingleton<Vocabulary>();
        services.AddSingleton<AccessRules>();
        services.AddSingleton<IdentityChain>();
        services.AddSingleton<ChannelAccess>();
        services.AddSingleton<Admission>();
        services.AddSingleton<SocketPlaces>();
        services.AddSingleton<SocketOpening>();
        services.AddSingleton<WsEndpoint>();
        services.AddSingleton<RichEndpoint>();
        services.AddRichGate();
        services.AddCors();
        services.AddSingleton<OtherOrigins>();
        services.AddSingleton<PublishEndpoint>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<MatcherPolicy, UpgradeOnlyPolicy>());
        return services;
    }

    /// <summary>Maps all that clients use.</summary>
    /// <exception cref="HoconException">A rule names a word that is not there.</exception>
    public static void MapBrokerClients(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapBrokerWebSockets();
        var publish = endpoints.ServiceProvider.GetRequiredService<PublishEndpoint>();
        endpoints.MapPost("/publish/" + FacilityPath.Parameter, publish.ServeAsync);
        endpoints.MapMethods("/publish/" + FacilityPath.Parameter, [HttpMethods.Options], publish.PreflightAsync);
        if (endpoints.ServiceProvider.GetRequiredService<ClientSettings>().SsePath is { Length: > 0 } events)
            endpoints.MapGet(events, endpoints.ServiceProvider.GetRequiredService<SseEndpoint>().ServeAsync);

        WarnOfWhatIsOpen(endpoints.ServiceProvider);
    }

    /// <summary>Maps <c>{websocket.path}{facility}</c>, <c>{rich.path}</c> and the raw channels.</summary>
    public static void MapBrokerWebSockets(this IEndpointRouteBuilder endpoints)
    {
        var settings = endpoints.ServiceProvider.GetRequiredService<ClientSettings>();
        var websockets = endpoints.ServiceProvider.GetRequiredService<WsEndpoint>();

        endpoints.Map(settings.Path + FacilityPath.Parameter, websockets.ServeAsync);
        if (settings.RichPath.Length > 0) endpoints.Map(settings.RichPath, endpoints.ServiceProvider.GetRequiredService<RichEndpoint>().ServeAsync);
        foreach (var channel in settings.RawChannels)
            endpoints.Map(channel.Path, context => websockets.ServeRawAsync(context, channel)).WithMetadata(UpgradeOnly.Instance).WithOrder(-1);
    }

    private static void WarnOfWhatIsOpen(IServiceProvider services)
    {
        var log = services.GetRequiredService<ILoggerFactory>().CreateLogger("Broker.Host.Access");
        if (services.GetRequiredService<AccessRules>().IsOpenOnLoopback)
            log.LogWarning("Development: clients on this machine may do everything (broker.access = default). In Production the rules count.");
        if (services.GetRequiredService<ClientSettings>().Jwt.IsSecretShort)
            log.LogWarning("broker.jwt.hs256 is shorter than 32 bytes: who has a token can find it out by trying");
    }
}
