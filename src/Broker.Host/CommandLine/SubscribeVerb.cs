using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Broker.Host.Identity;
using Broker.Host.Server;

namespace Broker.Host.CommandLine;

/// <summary><c>subscribe CHANNEL…</c></summary>
internal static class SubscribeVerb
{
    public const string Usage =
        $"""
        Prints what is published on channels of a running server, a line for each publication: broker subscribe CHANNEL...
        With more than one channel each line begins with the channel's name and a tab. A string of JSON is printed without its quotes.

          CHANNEL              such as broadcast:news or user:john:inbox

          --server URL         the running server (or BROKER_SERVER); http://127.0.0.1:8000 by default
          --token TOKEN        who subscribes, with that client's rights
          --user NAME          without a token: who subscribes; an anonymous client by default
          --config FILE        the server's configuration (or BROKER_CONFIG). With its broker.jwt.hs256 (or BROKER_JWT_KEY) and no --token every channel can be read
          --count N            end after so many; by default it goes on until it is interrupted

        {VerbExit.Usage}
        """;

    public static async Task<int> RunAsync(string[] args)
    {
        var arguments = VerbArguments.Parse(args, "--server", "--token", "--user", "--config", "--count");
        if (arguments.Plain.Count == 0) throw new ArgumentsException("subscribe CHANNEL...; --help");
        if (arguments.Option("--token") is not null && arguments.Option("--user") is not null) throw new ArgumentsException("--user: the token says who subscribes; --help");

        var left = CountOf(arguments);
        var settings = HostConfiguration.Load(new BrokerHostOptions { ConfigurationFile = arguments.Option("--config") }).GetObject("broker");
        var (token, channels) = TokensOf(arguments, JwtSettings.Read(settings.GetObject("jwt")));
        using var stop = new CancellationTokenSource();
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Stop(signal, stop));
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Stop(signal, stop));
        using var reader = new ChannelReader();
        await using var output = Console.OpenStandardOutput();
        try
        {
            await reader.ConnectAsync(AddressOf(arguments, settings.Get("rich.path").AsString()), stop.Token);
            await foreach (var (channel, payload) in reader.ReadAsync(token, channels, stop.Token))
            {
                byte[] line = channels.Length > 1 ? [.. Encoding.UTF8.GetBytes(channel), (byte)'\t', .. payload, (byte)'\n'] : [.. payload, (byte)'\n'];
                output.Write(line);
                output.Flush();
                if (--left == 0) break;
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Told to end.
        }

        return VerbExit.Done;
    }

    private static void Stop(PosixSignalContext signal, CancellationTokenSource stop)
    {
        signal.Cancel = true;
        stop.Cancel();
    }

    /// <summary>The connection's, and one for each channel: those that the key signs open any.</summary>
    private static (string Connection, (string Name, string Token)[] Channels) TokensOf(VerbArguments arguments, JwtSettings jwt)
    {
        if (arguments.Option("--token") is { } token) return (token, [.. arguments.Plain.Select(channel => (channel, ""))]);
        if (jwt.Hs256 is not null) return (TokenOf(null), [.. arguments.Plain.Select(channel => (channel, TokenOf(channel)))]);
        if (arguments.Option("--user") is not null) throw new ArgumentsException(GenToken.NoKey);

        return ("", [.. arguments.Plain.Select(channel => (channel, ""))]);

        string TokenOf(string? channel)
        {
            // It has to be used at once, and what it opens stays open.
            var claims = new Dictionary<string, object> { ["expire_at"] = 0 };
            if (arguments.Option("--user") is { } user) claims[jwt.UserClaim] = user;
            if (channel is not null) claims["channel"] = channel;
            return GenToken.Sign(jwt, claims, TimeSpan.FromMinutes(1));
        }
    }

    private static Uri AddressOf(VerbArguments arguments, string path)
    {
        var server = ServerClient.AddressOf(arguments);
        return new Uri($"{(server.Scheme == "https" ? "wss" : "ws")}://{server.Authority}{server.AbsolutePath}{path.TrimStart('/')}");
    }

    private static int CountOf(VerbArguments arguments) => arguments.Option("--count") switch
    {
        null => int.MaxValue,
        var text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0 ? count : throw new ArgumentsException($"--count: '{text}' is not a number above 0"),
    };
}
