using System.Net;
using System.Net.Sockets;

namespace Broker.Host.Tests.Server;

public sealed class KeepAliveTests
{
    /// <summary>A publish left its request's body half read: the server logged an error and cut the connection after each.</summary>
    [Fact]
    public async Task One_connection_carries_many_publishes()
    {
        await using var server = await LocalServer.StartAsync();
        var connections = 0;
        using var http = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (context, cancellation) =>
            {
                Interlocked.Increment(ref connections);
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(context.DnsEndPoint, cancellation);
                return new NetworkStream(socket, ownsSocket: true);
            },
        });

        for (var i = 0; i < 5; i++)
        {
            using var answer = await http.PostAsync(new Uri(server.Address, "/publish/chat?publish-broadcast"), new StringContent("hello"));
            Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        }

        Assert.Equal(1, connections);
    }
}
