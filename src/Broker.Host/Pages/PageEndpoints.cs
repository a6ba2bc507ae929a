namespace Broker.Host.Pages;

/// <summary>Everything that a page loads.</summary>
internal static class PageEndpoints
{
    public static void MapPages(this IEndpointRouteBuilder routes, HostSettings settings)
    {
        routes.MapPageFiles(settings.ShowsPage);
        routes.MapPageConfiguration(settings);
        if (settings.ShowsDemoLogin) routes.MapDemoLogin();
    }
}
