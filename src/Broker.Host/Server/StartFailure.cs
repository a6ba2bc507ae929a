using System.Net.Sockets;
using Broker.Actors.Nodes;
using Broker.Hocon;

namespace Broker.Host.Server;

/// <summary>Why the server does not start, in one line for stderr. What is not expected here is a defect, and keeps its stack trace.</summary>
internal sealed record StartFailure(int ExitCode, string Line)
{
    /// <summary>Null for a defect.</summary>
    /// <param name="nodeRuns">The node has started, so what failed is the web server.</param>
    public static StartFailure? Of(Exception exception, bool nodeRuns) => exception switch
    {
        // The last one is the actor engine's, of a value in the section akka.
        HoconException or ArgumentsException or AkkaException => new(Server.ExitCode.Configuration, OneLine(exception.Message)),
        BrokerStartException => new(Server.ExitCode.OtherNode, OneLine(exception.Message)),

        // Twice, because an AggregateException, which Akka.NET throws, knows only the outermost exception that is none.
        _ when !nodeRuns && exception.GetBaseException().GetBaseException() is SocketException taken =>
            new(Server.ExitCode.Address, $"cannot listen for other nodes: {OneLine(taken.Message)} (broker.cluster.host, bind-host and port say where)"),
        _ when nodeRuns => new(Server.ExitCode.Address, $"cannot listen: {OneLine(exception.Message)} (--urls says where)"),
        _ => null,
    };

    private static string OneLine(string text) => string.Join(' ', text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
}
