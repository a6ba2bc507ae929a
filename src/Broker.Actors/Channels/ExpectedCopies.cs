using Broker.Actors.Redis;

namespace Broker.Actors.Channels;

/// <summary>
/// The copies of our own publications that marks have announced and that have not arrived yet.
/// </summary>
internal sealed class ExpectedCopies
{
    private readonly Dictionary<string, int> _byDigest = [];

    public void Expect(IReadOnlyList<string> digests)
    {
        foreach (var digest in digests) _byDigest[digest] = _byDigest.GetValueOrDefault(digest) + 1;
    }

    /// <summary>True if the payload is one of them; it is then no longer expected.</summary>
    public bool Take(ReadOnlySpan<byte> payload)
    {
        if (_byDigest.Count == 0) return false;

        var digest = Mark.Digest(payload);
        if (!_byDigest.TryGetValue(digest, out var count)) return false;

        if (count == 1) _byDigest.Remove(digest);
        else _byDigest[digest] = count - 1;
        return true;
    }

    public void Clear() => _byDigest.Clear();
}
