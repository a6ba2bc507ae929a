using System.Text;
using Broker.Host.Clients;

namespace Broker.Host.Door;

/// <summary>The paths that websockets have by configuration, as they are written there: another spelling that routing lets pass is Kestrel's.</summary>
internal sealed class DoorPaths(ClientSettings settings)
{
    private readonly byte[] _facilities = Encoding.ASCII.GetBytes(settings.Path);
    private readonly byte[][] _rawChannels = [.. settings.RawChannels.Select(channel => Encoding.ASCII.GetBytes(channel.Path))];

    public bool Holds(ReadOnlySpan<byte> path)
    {
        if (path.StartsWith(_facilities)) return true;

        foreach (var channel in _rawChannels)
            if (path.SequenceEqual(channel)) return true;

        return false;
    }
}
