using Broker.Hocon;
using Broker.Host.Server;

namespace Broker.Host.CommandLine;

/// <summary>What the program does besides being a server: the first argument says it.</summary>
internal static class Verbs
{
    private static readonly Dictionary<string, Verb> ByName = new()
    {
        ["check-config"] = new(CheckConfig.Usage, CheckConfig.RunAsync),
        ["gen-token"] = new(GenToken.Usage, GenToken.RunAsync),
        ["publish"] = new(PublishVerb.Usage, PublishVerb.RunAsync),
        ["subscribe"] = new(SubscribeVerb.Usage, SubscribeVerb.RunAsync),
        ["channels"] = new(ChannelsVerb.Usage, ChannelsVerb.RunAsync),
    };

    /// <summary>Null where the arguments are a server's.</summary>
    public static Func<Task<int>>? Find(string[] args) =>
        args.Length > 0 && ByName.TryGetValue(args[0], out var verb) ? () => RunAsync(verb, args[1..]) : null;

    private static async Task<int> RunAsync(Verb verb, string[] args)
    {
        if (args.Any(arg => arg is "--help" or "-h"))
        {
            Console.WriteLine(verb.Usage);
            return VerbExit.Done;
        }

        try
        {
            return await verb.RunAsync(args);
        }
        catch (Exception wrong) when (wrong is ArgumentsException or HoconException)
        {
            return await FailAsync(VerbExit.Wrong, wrong.Message);
        }
        catch (RefusedException refused)
        {
            return await FailAsync(VerbExit.Refused, refused.Message);
        }
        catch (UnreachableException unreachable)
        {
            return await FailAsync(VerbExit.Unreachable, unreachable.Message);
        }
    }

    private static async Task<int> FailAsync(int code, string line)
    {
        await Console.Error.WriteLineAsync(line);
        return code;
    }

    private sealed record Verb(string Usage, Func<string[], Task<int>> RunAsync);
}

/// <summary>How a verb ends.</summary>
internal static class VerbExit
{
    public const int Done = 0;

    /// <summary>The server refused it, or failed at it.</summary>
    public const int Refused = 1;

    /// <summary>An argument or a setting is wrong.</summary>
    public const int Wrong = 2;

    /// <summary>There is no server where it was looked for.</summary>
    public const int Unreachable = 3;

    public const string Usage = "Exit codes: 0 done, 1 refused or failed, 2 wrong arguments or configuration, 3 the server cannot be reached.";
}

/// <summary>The server said no. The message says why.</summary>
internal sealed class RefusedException(string message) : Exception(message);

/// <summary>The server is not there, or not any more.</summary>
internal sealed class UnreachableException(string message) : Exception(message);
