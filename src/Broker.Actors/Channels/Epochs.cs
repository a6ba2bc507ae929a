using System.Security.Cryptography;

namespace Broker.Actors.Channels;

/// <summary>Names for new lives of a history: short, and never the same twice.</summary>
internal static class Epochs
{
    public static string New() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6));
}
