using System.Text.RegularExpressions;
using Broker.Actors.Nodes;
using Broker.Actors.Settings;
using Broker.Hocon;
using Broker.Host.Server;

namespace Broker.Host.CommandLine;

/// <summary><c>check-config</c></summary>
internal static partial class CheckConfig
{
    public const string Usage =
        $"""
        Reads the configuration as a start of the server would, and says what is wrong with it, or OK and which settings differ from the defaults (secrets are not shown).
        Nothing is connected: broker check-config

          --config FILE        HOCON over the defaults (or BROKER_CONFIG)
          --environment NAME   Development or Production (or ASPNETCORE_ENVIRONMENT)
          --urls ADDRESS       where the server would listen

        {VerbExit.Usage}
        """;

    public static async Task<int> RunAsync(string[] args)
    {
        var arguments = ServerArguments.Parse(args);
        try
        {
            await using var app = Build(arguments);
            app.MapBroker();

            var configuration = app.Services.GetRequiredService<BrokerHost>().Configuration;
            _ = BrokerNode.EngineConfig(configuration);
            Console.WriteLine("OK");
            foreach (var line in Differences(configuration, Configuration.Reference.Resolve(_ => null))) Console.WriteLine(line);
            return VerbExit.Done;
        }
        catch (Exception wrong) when (StartFailure.Of(wrong, nodeRuns: false) is { } failure)
        {
            await Console.Error.WriteLineAsync(failure.Line);
            return VerbExit.Wrong;
        }
    }

    /// <summary>One line for each setting.</summary>
    internal static IEnumerable<string> Differences(HoconObject given, HoconObject defaults)
    {
        foreach (var (key, value) in given)
        {
            var known = defaults.TryGetValue(key, out var reference) ? reference : null;
            if (value is HoconObject inner && known is HoconObject below)
            {
                foreach (var line in Differences(inner, below)) yield return line;
            }
            else if (known is null || Text(value) != Text(known))
            {
                yield return $"{value.Path} = {(Secret().IsMatch(key) ? "(set, not shown)" : Text(value))}";
            }
        }
    }

    private static WebApplication Build(ServerArguments arguments)
    {
        var builder = ServerBuilder.Create(arguments);
        builder.Logging.ClearProviders();
        builder.AddBroker(options =>
        {
            options.ConfigurationFile = arguments.ConfigurationFile;
            options.Demo = arguments.Demo;
            options.ServePage = true;
        });
        return builder.Build();
    }

    private static string Text(HoconValue value) => Spaces().Replace(value.ToHocon().Trim(), " ");

    // A connection string may hold a password.
    [GeneratedRegex("(secret|password|hs256|key|token|connection)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Secret();

    [GeneratedRegex(@"\s+", RegexOptions.NonBacktracking)]
    private static partial Regex Spaces();
}
