using System.Text;
using Broker.Host.Clients;

namespace Broker.Host.Door;

/// <summary>The paths that websockets have by configuration, as they are written there: another spelling that routing lets pass is Kestrel's.</summary>
internal sealed class DoorPaths(ClientSettings settings)
{
    private readonly byte[] _facilities = Encoding.ASCII.GetBytes(settings.Path);
    private readonly byte[][] _whole = [.. settings.RawChannels.Select(channel => channel.Path).Append(settings.RichPath).Where(path => path.Length > 0).Select(Encoding.ASCII.GetBytes)];

    public bool Holds(ReadOnlySpan<byte> path)
    {
        if (path.StartsWith(_facilities)) return true;

        foreach (var known in _whole)
            if (path.SequenceEqual(known)) return true;

        return false;
    }
}
