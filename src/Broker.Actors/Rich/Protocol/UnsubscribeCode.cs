namespace Broker.Actors.Rich.Protocol;

/// <summary>Why the server ended a subscription. Below 2500 the client lets it be, from there on it subscribes again. Codes and texts are Centrifugo's.</summary>
internal readonly record struct UnsubscribeCode(uint Code, string Reason)
{
    public static readonly UnsubscribeCode Server = new(2000, "server unsubscribe");
    public static readonly UnsubscribeCode Insufficient = new(2500, "insufficient state");
    public static readonly UnsubscribeCode Expired = new(2501, "subscription expired");
}
