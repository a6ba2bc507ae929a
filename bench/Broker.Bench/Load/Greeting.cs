using System.Text;

namespace Broker.Bench.Load;

/// <summary>What a client says after the websocket's handshake, and the text in a message that shows that it is subscribed.</summary>
internal sealed record Greeting(byte[]? Says, byte[]? Until)
{
    public static Greeting None { get; } = new(null, null);

    /// <summary>What is said to one channel.</summary>
    public Greeting For(string facility) => Says is null ? this : this with { Says = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(Says).Replace("{facility}", facility, StringComparison.Ordinal)) };

    public static Greeting Of(string says, string until) => new(Encoding.UTF8.GetBytes(says), Encoding.UTF8.GetBytes(until));
}
