using Broker.Actors.Rich;
using Broker.Actors.Rich.Protocol;
using Broker.Host.Clients;

namespace Broker.Host.Rich;

/// <summary>Brings calls and messages of rich clients to the application's handlers.</summary>
internal sealed class ApplicationCalls(Callbacks callbacks, IServiceScopeFactory scopes, IServiceProviderIsService registered, ILogger<ApplicationCalls> log)
{
    private readonly bool _answers = registered.IsService(typeof(IRpcHandler));
    private readonly bool _listens = registered.IsService(typeof(ISendHandler));

    public async ValueTask<RpcAnswer> CallAsync(ClientRpc call)
    {
        if (!_answers) return new RpcAnswer(default, RichError.NotAvailable);
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var handler = scope.ServiceProvider.GetRequiredService<IRpcHandler>();
            var result = await callbacks.RunAsync(limit => handler.OnRpcAsync(call, limit), CancellationToken.None);
            return result.Code == 0 ? new RpcAnswer(result.Data) : new RpcAnswer(default, new RichError(result.Code, result.Message, result.IsTemporary));
        }
        catch (Exception fault)
        {
            log.LogError(fault, "The RPC handler failed");
            return new RpcAnswer(default, RichError.Internal);
        }
    }

    /// <summary>False: nobody has dealt with it.</summary>
    public async ValueTask<bool> TellAsync(ClientMessage message)
    {
        if (!_listens)
        {
            log.LogDebug("A message of a rich client is dropped: the application has no ISendHandler");
            return false;
        }

        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var handler = scope.ServiceProvider.GetRequiredService<ISendHandler>();
            return await callbacks.RunAsync(
                async limit =>
                {
                    await handler.OnSendAsync(message, limit);
                    return true;
                },
                CancellationToken.None);
        }
        catch (Exception fault)
        {
            log.LogError(fault, "The handler of messages failed");
            return false;
        }
    }
}
