using Broker.Actors.Settings;
using Microsoft.Extensions.Logging;

namespace Broker.Actors.Connections;

/// <summary>Asks an application's publish handler; whatever goes wrong there refuses.</summary>
internal static class PublishHandling
{
    public static async Task<PublishDecision> AskAsync(IPublishHandler handler, ClientPublish publish, BrokerServices services)
    {
        using var limit = new CancellationTokenSource(services.Settings.CallbackTimeout, services.Time);
        try
        {
            var decision = await handler.OnPublishAsync(publish, limit.Token).AsTask().WaitAsync(limit.Token);
            return decision.Payload?.Length > services.Settings.MaxMessage ? PublishDecision.Refuse : decision;
        }
        catch (Exception fault)
        {
            services.Log.LogError(fault, "The publish handler failed; the publish is refused");
            return PublishDecision.Refuse;
        }
    }
}
