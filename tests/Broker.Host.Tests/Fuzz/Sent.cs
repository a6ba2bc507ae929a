namespace Broker.Host.Tests.Fuzz;

/// <summary>What a hostile client sends at once.</summary>
/// <param name="Mistake">What is wrong with it: says which close codes may come of it.</param>
/// <param name="Frames">How many frames it is meant to be.</param>
internal readonly record struct Sent(Mistake Mistake, byte[] Bytes, int Frames = 1);

/// <summary>Why a client may be closed, or not.</summary>
internal enum Mistake
{
    /// <summary>It is a frame as it should be. What it asks for may still be none of its business.</summary>
    None,

    /// <summary>A text that is not UTF-8.</summary>
    NotText,

    /// <summary>A message that is no command of the protocol.</summary>
    NoCommand,

    /// <summary>More commands in a frame than allowed.</summary>
    TooMany,

    /// <summary>A message that is announced as too long.</summary>
    TooLong,

    /// <summary>A frame that breaks a rule of websockets.</summary>
    NoFrame,

    /// <summary>It closes, with a right code or a wrong one.</summary>
    Close,

    /// <summary>Bytes were changed at random: it may have become anything.</summary>
    Anything,
}

internal static class Mistakes
{
    /// <summary>Which codes the client is told, if it is closed for that.</summary>
    public static bool MayEndWith(this Mistake mistake, int code) => mistake switch
    {
        Mistake.None => code is 3500 or 3501,
        Mistake.NotText => code is 1007,
        Mistake.NoCommand or Mistake.TooMany => code is 3501,
        Mistake.TooLong => code is 1009,
        Mistake.NoFrame => code is 1002,
        Mistake.Close => IsOfClient(code) || code is 1002 or 1007,
        _ => code is 1002 or 1007 or 1009 or 3500 or 3501 || IsOfClient(code),
    };

    /// <summary>The code of its own close frame, which is answered with the same; none is 1005.</summary>
    private static bool IsOfClient(int code) => code is 1000 or 1001 or 1003 or 1005 or (>= 1007 and <= 1014) or (>= 3000 and <= 4999);
}
