using Broker.Actors.Audiences;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Actors.Serving;
using Broker.Actors.Sessions;
using Broker.Actors.Settings;
using Broker.Actors.Tests.Nodes;

namespace Broker.Actors.Tests.Serving;

public sealed class PagesTests
{
    [Fact]
    public void A_page_is_as_long_as_fits_and_never_empty()
    {
        string[] names = ["a", "b", "c"];

        Assert.Equal("a b c|", Spell(Pages.Take(names, 0, 10, _ => 10)));
        Assert.Equal("b|+", Spell(Pages.Take(names, 1, 1, _ => 10)));
        Assert.Equal("a|+", Spell(Pages.Take(names, 0, 10, _ => Pages.MaxBytes)));
        Assert.Equal("a|+", Spell(Pages.Take(names, 0, 10, _ => 2 * Pages.MaxBytes)));
        Assert.Equal("|", Spell(Pages.Take(names, 3, 10, _ => 1)));
    }

    [Fact]
    public void Of_several_nodes_only_what_none_can_add_to_is_certain()
    {
        Assert.Equal("a b c d|", Spell(Pages.Merge([new Page<string>(["a", "d"], false), new Page<string>(["b", "c"], false)], name => name)));
        Assert.Equal("a b c|+", Spell(Pages.Merge([new Page<string>(["a", "d"], false), new Page<string>(["b", "c"], true)], name => name)));
        Assert.Equal("a b b|+", Spell(Pages.Merge([new Page<string>(["b", "e"], true), new Page<string>(["a", "b"], true)], name => name)));
        Assert.Equal("|", Spell(Pages.Merge<string>([], name => name)));
    }

    [Fact]
    public void Channels_of_sessions_are_told_by_the_hash_of_their_key()
    {
        ChannelName[][] subscribed = [[ChannelName.Session("secret", "inbox"), ChannelName.Broadcast("news")], [ChannelName.Broadcast("news")]];

        var all = OpenClients.Count(subscribed, "");
        var some = OpenClients.Count(subscribed, "broad*");

        Assert.Equal(2, all.Count);
        Assert.Equal(new ChannelCount("broadcast:news", 2), Assert.Single(some));
        Assert.DoesNotContain(all, count => count.Name.Contains("secret", StringComparison.Ordinal));
    }

    [Fact]
    public void A_filter_wants_all_that_it_names()
    {
        var john = new Sight("1", new Caller("john", [], "key"), new PresentedToken("t", "john", null), ConnectedClient.Rich, [], DateTimeOffset.UnixEpoch);

        Assert.True(new ClientFilter { User = "john", Session = "key" }.Hashed().Fits(john));
        Assert.True(new ClientFilter { Session = ChannelName.HashOf("key") }.Hashed().Fits(john));
        Assert.True(new ClientFilter { TokenId = "t" }.Fits(john));
        Assert.False(new ClientFilter { User = "john", Client = "2" }.Fits(john));
        Assert.False(new ClientFilter { User = "" }.Fits(john));
        Assert.False(new ClientFilter { User = "john", Except = ["1"] }.Fits(john));
        Assert.True(new ClientFilter { Client = "", Session = "" }.IsEmpty);
    }

    [Fact]
    public void What_is_taken_back_are_a_users_tokens_of_before_and_those_that_do_not_say_or_the_one_that_is_named()
    {
        var noon = DateTimeOffset.UnixEpoch.AddDays(20_000);
        var johns = new ClientFilter { User = "john", IssuedBefore = noon };
        bool Goes(PresentedToken? token) => johns.Fits(new Sight("1", new Caller("john", [], null), token, ConnectedClient.Rich, [], noon));
        PresentedToken Issued(int seconds, string user = "john") => new("t", user, noon.AddSeconds(seconds));

        Assert.True(Goes(Issued(-1)));
        Assert.True(Goes(new PresentedToken("t", "john", null)));
        Assert.False(Goes(Issued(0)));
        Assert.False(Goes(null));
        Assert.True(johns.FitsAny([Issued(1), Issued(-1)]));
        Assert.False(johns.FitsAny([Issued(1), Issued(-1, "mary")]));
        Assert.True(new ClientFilter { TokenId = "t" }.Fits(Issued(1)));
        Assert.False(new ClientFilter { TokenId = "u" }.Fits(Issued(-1)));
        Assert.True(new ClientFilter { Session = "s" }.Fits(new PresentedToken("t", "john", null, "s")));
        Assert.False(new ClientFilter { Session = "s", TokenId = "" }.Fits(new PresentedToken("", null, null)));
    }

    /// <summary>A page goes over a link that takes 64 KiB: one client with very many channels would never be listed, and none after it.</summary>
    [Fact]
    public void A_client_with_very_many_channels_is_listed_with_some_of_them()
    {
        ChannelName[] channels = [.. Enumerable.Range(0, 5000).Select(i => ChannelName.Broadcast($"{i}-{new string('ü', 200)}"))];
        var many = new WireConnection(new ConnectionPlan(Caller.Anonymous, channels, [], Echo: true), LineFormat.Instance, BrokerSettings.Read(Configuration.Default()));

        var page = OpenClients.Find([many], new FindClients(new ClientFilter(), null, "", 10));

        Assert.InRange(Assert.Single(page.Items).Channels.Count, 20, 128);
    }

    private static string Spell(Page<string> page) => string.Join(' ', page.Items) + "|" + (page.More ? "+" : "");
}
