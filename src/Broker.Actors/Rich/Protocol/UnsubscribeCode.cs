namespace Broker.Actors.Rich.Protocol;

/// <summary>Why the server ended a subscription. Below 2500 the client lets it be, from there on it subscribes again. Codes and texts are Centrifugo's.</summary>
internal readonly record struct UnsubscribeCode(uint Code, string Reason)
{
    public static readonly UnsubscribeCode Server = new(2000, "server unsubscribe");
    public static readonly UnsubscribeCode Insufficient = new(2500, "insufficient state");
    public static readonly UnsubscribeCode Expired = new(2501, "subscription expired");

    // What 3014 is to a connection: a token is taken back, not what somebody may do. Whether the client gets another one its application decides, and there it is told if it may not. Libraries
    // that know the code ask for one at once; the others come with the old one, hear 109 and ask then. Whoever is to stay away is unsubscribed (2000).
    public static readonly UnsubscribeCode StateInvalidated = new(2502, "state invalidated");
}
