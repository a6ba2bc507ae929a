using Broker.Host.Door;
using Microsoft.Extensions.Configuration.Json;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.Logging.Console;

namespace Broker.Host.Server;

/// <summary>ASP.NET Core as the server wants it: what Broker is about is HOCON's, the rest comes from the environment and the command line.</summary>
internal static class ServerBuilder
{
    public const string DefaultUrl = "http://127.0.0.1:8000";

    /// <summary>The name of the profile in launchSettings.json, which dotnet run puts into the environment.</summary>
    private const string LaunchProfile = "Broker.Host";

    public static WebApplicationBuilder Create(ServerArguments arguments)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = arguments.Rest, EnvironmentName = DefaultEnvironment(arguments) });

        // No appsettings.json: a file of that name where the server happens to be started is somebody else's.
        foreach (var source in builder.Configuration.Sources.OfType<JsonConfigurationSource>().ToArray()) builder.Configuration.Sources.Remove(source);
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource { InitialData = Defaults(builder.Configuration) });

        CheckUrls(builder.Configuration["urls"]);

        // The slim builder's console knows one format only, and insists on it.
        builder.Logging.ClearProviders().AddConsole();
        builder.Services.PostConfigure<ConsoleLoggerOptions>(console => console.FormatterName = builder.Configuration["Logging:Console:FormatterName"]);

        // A start that fails is told in one line (StartFailure).
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        builder.Logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel", level => level is >= LogLevel.Warning and < LogLevel.Critical);

        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.UseSockets(sockets =>
        {
            sockets.UnsafePreferInlineScheduling = true;
            sockets.CreateBoundListenSocket = ListenSocket.Bind;
        });
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestLineSize = 8 * 1024;
            kestrel.Limits.MaxRequestHeadersTotalSize = 32 * 1024;
            kestrel.Limits.MaxRequestHeaderCount = 100;
            kestrel.Limits.MaxRequestBodySize = 1024 * 1024;
            // A connection that never speaks ends after the first, one that speaks half a request after the second.
            kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(60);
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        });
        // Kestrel is the server's own, so its endpoint defaults are, too. An application with Broker inside keeps the upgrade of HTTP.
        builder.AddWebSocketDoor();
        return builder;
    }

    /// <summary>
    /// Null where the caller says it (variable or argument). Otherwise dotnet run is Development and the deployed server Production. The profile cannot say it itself: dotnet run
    /// lets a profile's variables win over the caller's, and leaves its arguments away when there are others.
    /// </summary>
    private static string? DefaultEnvironment(ServerArguments arguments)
    {
        var isSaid = arguments.Rest.Any(argument => argument.StartsWith("--environment", StringComparison.OrdinalIgnoreCase))
            || Environment.GetEnvironmentVariable("ASPNETCORE_ENVIRONMENT") is { Length: > 0 }
            || Environment.GetEnvironmentVariable("DOTNET_ENVIRONMENT") is { Length: > 0 };

        var isRun = arguments.Demo || Environment.GetEnvironmentVariable("DOTNET_LAUNCH_PROFILE") == LaunchProfile;
        return isSaid ? null : isRun ? Environments.Development : Environments.Production;
    }

    /// <summary>Kestrel takes a name or a port that it does not understand for any address, port 80.</summary>
    private static void CheckUrls(string? urls)
    {
        foreach (var url in (urls ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var plain = url.Replace("://*", "://any", StringComparison.Ordinal).Replace("://+", "://any", StringComparison.Ordinal);
            if (!Uri.TryCreate(plain, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
                throw new ArgumentsException($"--urls: '{url}' is not an address such as http://127.0.0.1:8000");
        }
    }

    /// <summary>What the environment and the command line win over, e.g. Logging__Console__FormatterName=json.</summary>
    private static Dictionary<string, string?> Defaults(ConfigurationManager given)
    {
        var defaults = new Dictionary<string, string?>
        {
            ["Logging:LogLevel:Default"] = "Information",
            ["Logging:LogLevel:Microsoft"] = "Warning",
            // What it says is below Warning; but as long as it may say anything, each request gets an Activity and a scope for it.
            ["Logging:LogLevel:Microsoft.AspNetCore.Hosting.Diagnostics"] = "None",
            ["Logging:Console:FormatterName"] = "simple",
            ["Logging:Console:FormatterOptions:SingleLine"] = "true",
            ["Logging:Console:FormatterOptions:TimestampFormat"] = "yyyy-MM-dd HH:mm:ss.fff ",
        };

        // Ports alone (ASPNETCORE_HTTP_PORTS) and Kestrel's own section say where, too.
        string[] addresses = ["urls", "http_ports", "https_ports"];
        if (addresses.All(key => string.IsNullOrEmpty(given[key])) && !given.GetSection("Kestrel:Endpoints").GetChildren().Any()) defaults["urls"] = DefaultUrl;
        return defaults;
    }
}
