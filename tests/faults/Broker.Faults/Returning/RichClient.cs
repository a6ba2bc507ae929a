using System.Text.Json;
using Broker.Faults.Traffic;

namespace Broker.Faults.Returning;

/// <summary>One client of one channel over all its websockets: where it stands, and what it was given.</summary>
internal sealed class RichClient(int channel, string name)
{
    private string _epoch = "";
    private long _offset;

    public int Channel => channel;

    /// <summary>The publications' numbers, in order, and when each came.</summary>
    public List<(int Id, long At)> Got { get; } = [];

    /// <summary>How many it had when it was told that it could not recover.</summary>
    public HashSet<int> TornAt { get; } = [];

    /// <summary>When it last was subscribed; 0 while it is not.</summary>
    public long SubscribedAt { get; set; }

    /// <summary>What must not be.</summary>
    public List<string> Problems { get; } = [];

    /// <summary>The command, with its position if it has one.</summary>
    public string Subscribe
    {
        get
        {
            var resume = _epoch.Length == 0 ? "" : $",\"recover\":true,\"epoch\":\"{_epoch}\",\"offset\":{_offset}";
            return $$$"""{"id":2,"subscribe":{"channel":"{{{name}}}"{{{resume}}}}}""";
        }
    }

    /// <summary>The answer.</summary>
    public void Subscribed(JsonElement result, long now)
    {
        var missed = result.TryGetProperty("publications", out var publications) ? publications.EnumerateArray().ToList() : [];
        if (_epoch.Length > 0 && !(result.TryGetProperty("recovered", out var recovered) && recovered.GetBoolean()))
        {
            TornAt.Add(Got.Count);
            if (missed.Count > 0) Problems.Add("a partial recovery");
        }

        // With publications it says where the client stood: they lead to where the channel stands.
        (_epoch, _offset) = (result.GetProperty("epoch").GetString()!, result.TryGetProperty("offset", out var offset) ? offset.GetInt64() : 0);
        foreach (var publication in missed) Take(publication, now);
    }

    public void Take(JsonElement publication, long now)
    {
        var offset = publication.GetProperty("offset").GetInt64();
        if (offset != _offset + 1) Problems.Add($"offset {offset} after {_offset}");
        _offset = offset;
        Got.Add((publication.GetProperty("data").GetInt32(), now));
    }
}
