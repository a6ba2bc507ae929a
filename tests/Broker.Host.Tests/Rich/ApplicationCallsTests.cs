using System.Text;
using Broker.Actors.Rich;
using Broker.Actors.Rich.Protocol;
using Broker.Host.Rich;
using Broker.Host.Tests.Clients;
using Microsoft.Extensions.DependencyInjection;

namespace Broker.Host.Tests.Rich;

public sealed class ApplicationCallsTests
{
    [Fact]
    public async Task The_applications_handler_answers()
    {
        await using var server = await StartAsync(call => new(RpcResult.Answer(Encoding.UTF8.GetBytes($$"""{"{{call.Method}}":{{Encoding.UTF8.GetString(call.Data.Span)}},"by":"{{call.Caller.User}}"}"""))));
        var gate = await server.GateOfAsync(new { sub = "john" });

        var answer = await gate.CallAsync(new Rpc(1, "echo", "[1]"u8.ToArray()));

        Assert.Equal("""{"echo":[1],"by":"john"}""", Encoding.UTF8.GetString(answer.Data.Span));
    }

    [Fact]
    public async Task An_error_of_the_handlers_is_the_clients()
    {
        await using var server = await StartAsync(_ => new(RpcResult.Error(404, "no such room", isTemporary: true)));
        var gate = await server.GateOfAsync(new { sub = "john" });

        Assert.Equal(new RichError(404, "no such room", Temporary: true), (await gate.CallAsync(new Rpc(1, "", default))).Error);
    }

    [Theory]
    [InlineData("throws")]
    [InlineData("returns null")]
    [InlineData("never answers")]
    public async Task A_handler_that_fails_is_an_internal_error_and_the_client_is_not_told_why(string failure)
    {
        await using var server = await StartAsync(
            failure switch
            {
                "throws" => _ => throw new InvalidOperationException("the database at 10.0.0.1 is away"),
                "returns null" => _ => new ValueTask<RpcResult>(default(RpcResult)!),
                _ => _ => new ValueTask<RpcResult>(new TaskCompletionSource<RpcResult>().Task),
            },
            "callback-timeout = 100ms");
        var gate = await server.GateOfAsync(new { sub = "john" });

        Assert.Equal(new RpcAnswer(default, RichError.Internal), await gate.CallAsync(new Rpc(1, "", default)));
        Assert.Contains("The RPC handler failed", server.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_handlers_calls_are_not_available_and_messages_are_dropped()
    {
        await using var server = await ClientServer.StartAsync(Gates.Key);
        var gate = await server.GateOfAsync(new { sub = "john" });

        Assert.Equal(RichError.NotAvailable, (await gate.CallAsync(new Rpc(1, "", default))).Error);
        Assert.False(await gate.SendAsync(new Send("1"u8.ToArray())));
    }

    /// <summary>Nobody saw that an application took no messages.</summary>
    [Fact]
    public async Task Messages_that_nobody_deals_with_are_counted()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        using var http = server.Http();
        using var client = await server.OpenAsync("/connection/websocket");

        await client.SendAsync("{\"id\":1,\"connect\":{}}\n{\"send\":{\"data\":1}}\n{\"send\":{\"data\":2}}\n{\"id\":2,\"ping\":{}}");
        await client.ReadAsync(2);

        Assert.Contains("\nbroker_messages_dropped_total 2\n", await http.GetStringAsync("/metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Messages_come_to_their_handler_and_what_goes_wrong_there_is_logged()
    {
        var heard = new Heard();
        await using var server = await ClientServer.StartAsync(Gates.Key, services: services => services.AddSingleton<ISendHandler>(heard));
        var gate = await server.GateOfAsync(new { sub = "john" });

        Assert.True(await gate.SendAsync(new Send("[7]"u8.ToArray())));
        Assert.False(await gate.SendAsync(new Send("0"u8.ToArray())));

        Assert.Equal(["john: [7]"], heard.Messages);
        Assert.Contains("The handler of messages failed", server.Log.Text, StringComparison.Ordinal);
    }

    private static Task<ClientServer> StartAsync(Func<ClientRpc, ValueTask<RpcResult>> answer, string settings = "") =>
        ClientServer.StartAsync(Gates.Key + "\n" + settings, services: services => services.AddScoped<IRpcHandler>(_ => new Answering(answer)));

    private sealed class Answering(Func<ClientRpc, ValueTask<RpcResult>> answer) : IRpcHandler
    {
        public ValueTask<RpcResult> OnRpcAsync(ClientRpc call, CancellationToken cancellation) => answer(call);
    }

    private sealed class Heard : ISendHandler
    {
        public List<string> Messages { get; } = [];

        public ValueTask OnSendAsync(ClientMessage message, CancellationToken cancellation)
        {
            if (message.Data.Span is [(byte)'0']) throw new InvalidOperationException("zero");

            Messages.Add($"{message.Caller.User}: {Encoding.UTF8.GetString(message.Data.Span)}");
            return ValueTask.CompletedTask;
        }
    }
}
