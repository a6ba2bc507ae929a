using Broker.Actors.Channels.Wire;
using Broker.Actors.Redis;

namespace Broker.Actors.Presence;

/// <summary>
/// What of a channel's members has yet to be written to Redis: one write at a time, of what is so when it is sent. A write that fails is made again; and where Redis keeps another number
/// of them than there are, all are written anew.
/// </summary>
internal sealed class MembersStore(Members members, TimeSpan keep)
{
    private const int MaxCount = 512;
    private const int MaxBytes = 256 * 1024;

    private List<string> _underWay = [];
    private bool _isUnderWay;
    private bool _anew;
    private bool _anewUnderWay;
    private int? _expected;

    public bool IsIdle => !_isUnderWay && !_anew && members.Touched.Count == 0;

    /// <summary>What stands in Redis is not known, or is wrong.</summary>
    public void WriteAnew()
    {
        _anew = true;
        members.Touched.UnionWith(members.AllClients);
    }

    /// <summary>What to write now; null while something is under way, or if there is nothing.</summary>
    /// <param name="renew">Even if nothing has changed: the expiry.</param>
    public MembersWrite? Next(bool renew = false)
    {
        if (_isUnderWay || (IsIdle && !renew)) return null;

        var set = new List<KeyValuePair<string, byte[]>>();
        var removed = new List<string>();
        var bytes = 0;
        foreach (var client in members.Touched)
        {
            if (members.Find(client) is { } found)
            {
                var stored = PresenceForm.ToStored(found.Member, found.Relay, found.Node);
                bytes += stored.Length;
                set.Add(new(client, stored));
            }
            else
            {
                removed.Add(client);
            }

            _underWay.Add(client);
            if (_underWay.Count >= MaxCount || bytes >= MaxBytes) break;
        }

        members.Touched.ExceptWith(_underWay);
        (_isUnderWay, _anewUnderWay, _anew) = (true, _anew, false);
        _expected = members.Touched.Count == 0 ? members.Clients : null;
        return new MembersWrite(_anewUnderWay, set, removed, keep);
    }

    /// <summary>It is done, and so many are kept. False if that is wrong.</summary>
    public bool Written(long count)
    {
        var isRight = _expected is null || _expected == count;
        End();
        return isRight;
    }

    /// <summary>It may have been done or not.</summary>
    public void Failed()
    {
        members.Touched.UnionWith(_underWay);
        _anew |= _anewUnderWay;
        End();
    }

    private void End()
    {
        _underWay = [];
        _isUnderWay = false;
    }
}
