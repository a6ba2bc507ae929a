using Broker.Hocon;
using Broker.Host.Api;
using Broker.Host.Clients;
using Broker.Host.Gateway;
using Broker.Host.Health;
using Broker.Host.Metrics;
using Broker.Host.Pages;

namespace Broker.Host;

/// <summary>
/// Broker inside an ASP.NET Core application: <see cref="AddBroker{TBuilder}(TBuilder)"/> before it is built, <see cref="MapBroker"/> after.
/// </summary>
/// <example>
/// <code>
/// var builder = WebApplication.CreateBuilder(args);
/// builder.AddBroker("broker.conf");
/// var app = builder.Build();
/// app.MapBroker();
/// app.Run();
/// </code>
/// </example>
public static class BrokerHosting
{
    /// <summary>What the node may take to stop beyond <c>broker.shutdown.drain</c> where Redis or other nodes hang.</summary>
    private static readonly TimeSpan Hangs = TimeSpan.FromSeconds(30);

    /// <summary>Behind the application's own routes: what it maps at the same path is what is served.</summary>
    private const int RouteOrder = 1;

    /// <summary>Adds the broker with the defaults, or with the file that the environment variable <c>BROKER_CONFIG</c> names.</summary>
    /// <exception cref="HoconException">A setting is wrong or unknown; the message names the file, the place and what is allowed.</exception>
    public static TBuilder AddBroker<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder => builder.AddBroker(_ => { });

    /// <summary>Adds the broker with a HOCON file over the defaults.</summary>
    /// <inheritdoc cref="AddBroker{TBuilder}(TBuilder)" path="/exception"/>
    public static TBuilder AddBroker<TBuilder>(this TBuilder builder, string configurationFile) where TBuilder : IHostApplicationBuilder =>
        builder.AddBroker(options => options.ConfigurationFile = configurationFile);

    /// <summary>
    /// Adds the broker. Its log goes to the application's loggers; the application's <see cref="Actors.Connections.IPublishHandler"/>,
    /// <see cref="Identity.IIdentityResolver"/>s and <see cref="Policy.IChannelPolicy"/> are used where they are registered.
    /// </summary>
    /// <inheritdoc cref="AddBroker{TBuilder}(TBuilder)" path="/exception"/>
    public static TBuilder AddBroker<TBuilder>(this TBuilder builder, Action<BrokerHostOptions> configure) where TBuilder : IHostApplicationBuilder
    {
        var services = builder.Services;
        if (services.Any(service => service.ServiceType == typeof(BrokerHost))) throw new InvalidOperationException("the application has a broker already");

        var options = new BrokerHostOptions();
        configure(options);
        var configuration = HostConfiguration.Load(options);
        var settings = HostSettings.Read(configuration, options, builder.Environment.IsDevelopment());

        services.AddSingleton(_ => new BrokerHost(configuration));
        services.AddSingleton(settings);
        services.AddApi(configuration);
        services.AddSingleton<MetricsCollector>();
        services.AddBrokerClients(configuration);
        services.AddGateway(configuration);
        services.AddHostedService<BrokerLifetime>();
        services.PostConfigure<HostOptions>(host => host.ShutdownTimeout = Longer(host.ShutdownTimeout, settings.Drain + Hangs));
        return builder;
    }

    /// <summary>
    /// Maps the broker's addresses: websockets (<c>/ws/</c>, and <c>/connection/websocket</c> for rich clients), publishing, <c>/broker.js</c> and <c>/broker-config.js</c>, <c>/health/live</c>, <c>/health/ready</c>, <c>/metrics</c>, and
    /// <c>/api/</c> where there is a key. Of two routes with the same path the application's own is served.
    /// </summary>
    public static IEndpointRouteBuilder MapBroker(this IEndpointRouteBuilder endpoints)
    {
        var settings = endpoints.ServiceProvider.GetService<HostSettings>() ?? throw new InvalidOperationException("AddBroker() comes before MapBroker()");

        var routes = endpoints.MapGroup("").WithOrder(RouteOrder);
        routes.MapBrokerClients();
        routes.MapGateway();
        routes.MapPages(settings);
        routes.MapHealth();
        routes.MapApi();
        if (settings.ShowsMetrics) routes.MapMetrics();
        return endpoints;
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
