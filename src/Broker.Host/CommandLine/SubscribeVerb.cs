using System.Globalization;
using System.Net.WebSockets;
using System.Runtime.InteropServices;
using System.Text;
using Broker.Actors.Channels;
using Broker.Host.Server;

namespace Broker.Host.CommandLine;

/// <summary><c>subscribe CHANNEL…</c></summary>
internal static class SubscribeVerb
{
    public const string Usage =
        $"""
        Prints what is published on channels of a running server, a line for each publication: broker subscribe CHANNEL...
        With more than one channel each line begins with the channel's name and a tab.

          CHANNEL              such as broadcast:news; only broadcast channels, as a websocket of ws4redis mode

          --server URL         the running server (or BROKER_SERVER); http://127.0.0.1:8000 by default
          --token TOKEN        who subscribes (gen-token makes one); without one an anonymous client
          --path PATH          the server's broker.websocket.path; /ws/ by default
          --count N            end after so many; by default it goes on until it is interrupted

        {VerbExit.Usage}
        """;

    public static async Task<int> RunAsync(string[] args)
    {
        var arguments = VerbArguments.Parse(args, "--server", "--token", "--path", "--count");
        if (arguments.Plain.Count == 0) throw new ArgumentsException("subscribe CHANNEL...; --help");

        var channels = arguments.Plain.Select(ChannelName.Parse).ToArray();
        if (channels.FirstOrDefault(channel => channel.Kind != ChannelKind.Broadcast) is { } other)
            throw new ArgumentsException($"{other}: only broadcast channels, such as broadcast:news, can be subscribed from here");

        using var stop = new CancellationTokenSource();
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Stop(signal, stop));
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Stop(signal, stop));

        var printer = new Printer(CountOf(arguments), channels.Length > 1, stop);
        var readings = channels.Select(channel => ReadAsync(channel, arguments, printer, stop.Token)).ToArray();
        try
        {
            await await Task.WhenAny(readings);
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(readings.Select(reading => reading.ContinueWith(ended => ended.Exception, TaskScheduler.Default)));
        }

        return VerbExit.Done;
    }

    private static void Stop(PosixSignalContext signal, CancellationTokenSource stop)
    {
        signal.Cancel = true;
        stop.Cancel();
    }

    private static async Task ReadAsync(ChannelName channel, VerbArguments arguments, Printer printer, CancellationToken stop)
    {
        using var socket = new ClientWebSocket();
        if (arguments.Option("--token") is { } token) socket.Options.SetRequestHeader("Authorization", "Bearer " + token);
        socket.Options.CollectHttpResponseDetails = true;
        try
        {
            await socket.ConnectAsync(AddressOf(channel, arguments), stop);
            var message = new MemoryStream();
            var buffer = new byte[16 * 1024];
            while (true)
            {
                var read = await socket.ReceiveAsync(buffer, stop);
                if (read.MessageType == WebSocketMessageType.Close) throw new RefusedException($"{channel}: closed with {(int?)read.CloseStatus} {read.CloseStatusDescription}");

                message.Write(buffer, 0, read.Count);
                if (!read.EndOfMessage) continue;

                printer.Print(channel, message.ToArray());
                message.SetLength(0);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Told to end.
        }
        catch (WebSocketException failure)
        {
            throw socket.HttpStatusCode == 0
                ? new UnreachableException($"the server cannot be reached: {failure.GetBaseException().Message}")
                : socket.HttpStatusCode == System.Net.HttpStatusCode.SwitchingProtocols
                    ? new UnreachableException("the connection was lost")
                    : new RefusedException($"{channel}: the server answers {(int)socket.HttpStatusCode}");
        }
    }

    private static Uri AddressOf(ChannelName channel, VerbArguments arguments)
    {
        var server = ServerClient.AddressOf(arguments);
        var path = (arguments.Option("--path") ?? "/ws/").Trim('/');
        var scheme = server.Scheme == "https" ? "wss" : "ws";
        return new Uri($"{scheme}://{server.Authority}{server.AbsolutePath}{path}/{Uri.EscapeDataString(channel.Facility)}?subscribe-broadcast&echo");
    }

    private static int CountOf(VerbArguments arguments) => arguments.Option("--count") switch
    {
        null => int.MaxValue,
        var text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0 ? count : throw new ArgumentsException($"--count: '{text}' is not a number above 0"),
    };

    /// <summary>Whole lines, whichever socket they come from.</summary>
    private sealed class Printer(int count, bool withNames, CancellationTokenSource stop)
    {
        private readonly Lock _lock = new();
        private readonly Stream _output = Console.OpenStandardOutput();
        private int _left = count;

        public void Print(ChannelName channel, byte[] payload)
        {
            lock (_lock)
            {
                if (_left == 0) return;

                byte[] line = withNames ? [.. Encoding.UTF8.GetBytes($"{channel}\t"), .. payload, (byte)'\n'] : [.. payload, (byte)'\n'];
                _output.Write(line);
                _output.Flush();
                if (--_left == 0) stop.Cancel();
            }
        }
    }
}
