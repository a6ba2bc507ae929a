namespace Broker.Host.Rich;

/// <summary>Registers what decides on rich clients, <see cref="ClientGates"/> and its parts, and the streams of server-sent events.</summary>
internal static class RichGate
{
    public static IServiceCollection AddRichGate(this IServiceCollection services) => services
        .AddSingleton<TokenDesk>()
        .AddSingleton<ChannelRights>()
        .AddSingleton<ApplicationCalls>()
        .AddSingleton<ClientGates>()
        .AddSingleton<SseEndpoint>();
}
