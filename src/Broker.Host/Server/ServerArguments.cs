using Microsoft.Extensions.Hosting;

namespace Broker.Host.Server;

/// <summary>What the command line says. What is not the server's own is ASP.NET Core's (<c>--urls</c>, <c>--environment</c>, <c>--Logging:…</c>).</summary>
internal sealed record ServerArguments(string? ConfigurationFile, bool Demo, bool Help, string[] Rest)
{
    public const string Usage =
        """
        Broker, a realtime broker for .NET.

          --config FILE        HOCON over the defaults (or BROKER_CONFIG); hocon/reference.conf has every setting
          --urls ADDRESS       where to listen, e.g. http://0.0.0.0:8000 (or ASPNETCORE_URLS); http://127.0.0.1:8000 by default
          --environment NAME   Development or Production (or ASPNETCORE_ENVIRONMENT); Production by default, Development under dotnet run
          --demo               what dotnet run adds: Development by default, and heartbeats for the demo page

        Exit codes: 0 stopped as told, 2 wrong configuration or arguments, 3 cannot listen, 4 excluded by another node.

        Instead of being a server (each has a --help of its own):

          check-config         says what is wrong with the configuration, or OK
          gen-token            makes a token for a client
          publish CHANNEL      publishes on a running server
          subscribe CHANNEL    prints what is published there
          channels             lists the channels that have clients

        """;

    /// <exception cref="ArgumentsException">One of them is wrong.</exception>
    public static ServerArguments Parse(string[] args)
    {
        string? file = null;
        var (demo, help, rest) = (false, false, new List<string>());

        for (var i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--demo":
                    demo = true;
                    break;
                case "--help" or "-h":
                    help = true;
                    break;
                case "--config" when i + 1 < args.Length:
                    file = args[++i];
                    break;
                case var arg when arg.StartsWith("--config=", StringComparison.Ordinal):
                    file = arg["--config=".Length..];
                    break;
                case "--config":
                    throw new ArgumentsException("--config: a file is missing");
                case var arg when arg.StartsWith("--", StringComparison.Ordinal):
                    rest.Add(arg);
                    if (arg.Contains('=', StringComparison.Ordinal)) break;

                    rest.Add(i + 1 < args.Length ? args[++i] : throw new ArgumentsException($"{arg}: a value is missing; --help"));
                    break;
                default:
                    throw new ArgumentsException($"{args[i]}: not an argument; --help");
            }
        }

        return new ServerArguments(file, demo, help, [.. rest]);
    }
}

/// <summary>The command line is wrong; the message says how.</summary>
internal sealed class ArgumentsException(string message) : Exception(message);
