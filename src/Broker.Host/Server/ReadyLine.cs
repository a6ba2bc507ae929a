namespace Broker.Host.Server;

/// <summary>What the server prints when it is up: where clients go.</summary>
internal static class ReadyLine
{
    public static string Of(IEnumerable<string> addresses, string path, bool showsPage)
    {
        var http = addresses.Select(address => address.TrimEnd('/')).ToArray();
        // http://… is ws://…, https://… is wss://…
        var line = "Broker is ready: " + string.Join(' ', http.Select(address => string.Concat("ws", address.AsSpan("http".Length), path)));
        return showsPage ? $"{line}  page {http[0]}/" : line;
    }
}
