namespace Broker.Host.Clients;

/// <summary>Runs an application's callbacks, each within <c>broker.callback-timeout</c>.</summary>
internal sealed class Callbacks(BrokerHost host, TimeProvider time)
{
    /// <exception cref="TimeoutException">It took too long; it is left to itself.</exception>
    /// <exception cref="OperationCanceledException">The client has gone.</exception>
    public async ValueTask<T> RunAsync<T>(Func<CancellationToken, ValueTask<T>> callback, CancellationToken aborted)
    {
        using var limit = new CancellationTokenSource(host.Node.Settings.CallbackTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, aborted);
        try
        {
            var answer = callback(either.Token);
            return answer.IsCompleted ? await answer : await answer.AsTask().WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !aborted.IsCancellationRequested)
        {
            throw new TimeoutException("longer than broker.callback-timeout");
        }
    }
}
