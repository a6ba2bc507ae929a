using Broker.Host.Server;

namespace Broker.Host.CommandLine;

/// <summary><c>channels [PATTERN]</c></summary>
internal static class ChannelsVerb
{
    public const string Usage =
        $"""
        Lists the channels that clients of a running server, or of its cluster, are subscribed to: broker channels [PATTERN]
        One a line, after the number of its clients.

          PATTERN              * stands for any characters, ? for one; all channels by default

        {ServerClient.Usage}

        {VerbExit.Usage}
        """;

    public static async Task<int> RunAsync(string[] args)
    {
        var arguments = VerbArguments.Parse(args, ServerClient.Options);
        if (arguments.Plain.Count > 1) throw new ArgumentsException("channels [PATTERN]; --help");

        using var server = ServerClient.Of(arguments);
        for (string? cursor = ""; cursor is not null;)
        {
            var result = await server.AskAsync("channels", new { pattern = arguments.Plain is [var only] ? only : "", cursor });
            foreach (var channel in result.GetProperty("channels").EnumerateObject()) Console.WriteLine($"{channel.Value.GetProperty("num_clients").GetRawText()}\t{channel.Name}");
            cursor = result.TryGetProperty("cursor", out var next) ? next.GetString() : null;
        }

        return VerbExit.Done;
    }
}
