using System.Text;
using Broker.Actors.Redis;

namespace Broker.Actors.Tests.Redis;

/// <summary>What is kept of a channel's members for its next owner.</summary>
public abstract class MembersContract(AnyRedis redis) : BusContract(redis)
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    [Fact]
    public async Task Members_are_kept_changed_and_removed_and_each_write_says_how_many_there_are()
    {
        Assert.Equal(0, await WriteAsync("", ""));
        Assert.Equal(3, await WriteAsync("a=1 b=2 c=3", ""));
        Assert.Equal(3, await WriteAsync("b=4 d=5", "a nobody"));
        Assert.Equal("b=4 c=3 d=5", await ReadAsync());

        Assert.Equal(0, await WriteAsync("", "b c d"));
        Assert.Equal("", await ReadAsync());
        Assert.Equal(0, (await DoAsync("EXISTS", Keys.Members)).Number);
    }

    [Fact]
    public async Task Members_that_are_written_anew_take_the_place_of_all_that_were_there()
    {
        await WriteAsync("a=1 b=2", "");

        Assert.Equal(1, await WriteAsync("c=3", "", anew: true));
        Assert.Equal("c=3", await ReadAsync());
        Assert.Equal(0, await WriteAsync("", "", anew: true));
    }

    [Fact]
    public async Task Every_write_renews_the_time_that_members_are_kept()
    {
        await WriteAsync("a=1", "");
        Assert.InRange((await DoAsync("TTL", Keys.Members)).Number!.Value, 3500, 3600);

        await Bus.WriteMembersAsync(Keys, new MembersWrite(false, [], [], TimeSpan.FromHours(2)));
        Assert.InRange((await DoAsync("TTL", Keys.Members)).Number!.Value, 7100, 7200);
    }

    [Fact]
    public async Task Many_members_are_read_in_pages_and_none_is_missing()
    {
        for (var i = 0; i < 20; i++) await WriteAsync(string.Join(' ', Enumerable.Range(100 * i, 100).Select(client => $"c{client}={client}")), "");

        Assert.Equal(2000, (await ReadAsync()).Split(' ').Length);
    }

    [Fact]
    public async Task A_key_of_another_type_is_refused_as_members()
    {
        await DoAsync("SET", Keys.Members, "x");

        await Assert.ThrowsAsync<RedisRefusedException>(() => Bus.ReadMembersAsync(Keys, 0));
        await Assert.ThrowsAsync<RedisRefusedException>(() => WriteAsync("a=1", ""));
    }

    private Task<long> WriteAsync(string set, string removed, bool anew = false) => Bus.WriteMembersAsync(Keys, new MembersWrite(
        anew,
        [.. Words(set).Select(word => word.Split('=')).Select(pair => KeyValuePair.Create(pair[0], Bytes(pair[1])))],
        Words(removed),
        Hour));

    private async Task<string> ReadAsync()
    {
        var all = new SortedDictionary<string, string>(StringComparer.Ordinal);
        var cursor = 0UL;
        do
        {
            var page = await Bus.ReadMembersAsync(Keys, cursor);
            foreach (var (client, value) in page.Members) all[client] = Encoding.UTF8.GetString(value);
            cursor = page.Cursor;
        }
        while (cursor != 0);

        return string.Join(' ', all.Select(pair => $"{pair.Key}={pair.Value}"));
    }

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}
