using System.Text;
using Broker.Host.Server;

namespace Broker.Host.CommandLine;

/// <summary><c>publish CHANNEL [DATA | -]</c></summary>
internal static class PublishVerb
{
    public const string Usage =
        $"""
        Publishes on a channel of a running server: broker publish CHANNEL [DATA | -]

          CHANNEL              such as broadcast:news or user:john:inbox
          DATA                 what is published, as it is; - or nothing: the standard input

        {ServerClient.Usage}
          --idempotency-key K  makes a repeat harmless on a channel with history

        {VerbExit.Usage}
        """;

    public static async Task<int> RunAsync(string[] args)
    {
        var arguments = VerbArguments.Parse(args, [.. ServerClient.Options, "--idempotency-key"]);
        if (arguments.Plain.Count is not (1 or 2)) throw new ArgumentsException("publish CHANNEL [DATA | -]; --help");

        using var server = ServerClient.Of(arguments);
        var text = arguments.Plain.ElementAtOrDefault(1) ?? "-";
        var data = text == "-" ? await ReadInputAsync() : Encoding.UTF8.GetBytes(text);
        var result = await server.AskAsync(
            "publish", new { channel = arguments.Plain[0], b64data = Convert.ToBase64String(data), idempotency_key = arguments.Option("--idempotency-key") });
        Console.WriteLine(result.TryGetProperty("offset", out var offset) ? $"published at {offset.GetRawText()} of {result.GetProperty("epoch").GetString()}" : "published");
        return VerbExit.Done;
    }

    private static async Task<byte[]> ReadInputAsync()
    {
        var all = new MemoryStream();
        await using var input = Console.OpenStandardInput();
        await input.CopyToAsync(all);
        return all.ToArray();
    }
}
