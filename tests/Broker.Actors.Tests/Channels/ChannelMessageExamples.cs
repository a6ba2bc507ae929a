using System.Text.Json;
using Broker.Actors.Channels;
using Broker.Actors.Presence;
using Broker.Actors.Redis;
using Broker.Actors.Rich.Protocol;

namespace Broker.Actors.Tests.Channels;

/// <summary>Every message that goes between a relay and a channel's owner.</summary>
internal static class ChannelMessageExamples
{
    public const int LargePayload = 5 << 20;

    private static readonly ChannelName News = ChannelName.Broadcast("news");
    private static readonly StreamPosition Here = new("e1", 7);
    private static readonly ClientInfo Ann = new("ann", "c1", new byte[] { 1 }, new byte[] { 2, 3 });

    /// <summary>One of each, whose bytes never change.</summary>
    public static readonly object[] Pinned =
    [
        new Attach(News, "r1", 3, Here),
        new Attached(Here, Ready: true, HistorySize: 1000),
        new Detach(ChannelName.User("ann", "news"), "r1"),
        new Detached(ChannelName.Group("staff", "news")),
        new PublishBatch(News, "r1", 3, [new OutgoingPublication([1, 2], "id", "me", 60, Shared: true, Foreign: true), new OutgoingPublication([], null, null, 0)]),
        new BatchPublished(3, [Here, Here with { Offset = 300 }, new StreamPosition("e2", 1)]),
        new BatchRefused(3, MayRepeat: true, MayBePublished: true),
        new BatchReturned(4),
        new Publications(
        [
            new Publication(News, Here, new byte[] { 1, 2 }, "id", "me", Shared: true),
            new Publication(News, Here with { Offset = 8 }, Array.Empty<byte>()),
            new Publication(News, new StreamPosition("e2", 1), new byte[] { 3 }),
        ]),
        new Standing(Here),
        new ReadMissed(ChannelName.Session("key", "news"), 5, Here),
        new Missed(5, Whole: true, Here, [new Publication(News, Here, new byte[] { 1 })], More: true),
        new ReadLast(ChannelName.Raw("a:b"), 5),
        new LastRead(5, [1, 2], "id", Here),
        new ReportPresence(News, "r1", "n1", 3, Begins: true, IsWhole: true, Returns: true, Wants: true, [new MemberChange(Ann, Joins: true), new MemberChange(Ann, Joins: false)]),
        new PresenceTaken(3),
        new MembersChange([new MemberChange(Ann, Joins: true)]),
        new ReadMembers(News, "l1", 5, 300),
        new MembersPage("l1", 5, 300, [Ann], More: true),
        new CountMembers(News),
        new MembersCount(300, 2),
        MembersUnknown.Instance,
    ];

    /// <summary>What is empty, null, large or strange.</summary>
    public static readonly object[] Odd =
    [
        new Attach(ChannelName.Session("key", ""), "", 1, new StreamPosition("", 0)),
        new Attached(new StreamPosition("", 0), Ready: false, HistorySize: 0),
        new Detach(ChannelName.Broadcast("a:b\u0000ü\U0001F600"), "r"),
        new Detached(ChannelName.Raw("")),
        new Detached(ChannelName.Raw("session:key:news")),
        new PublishBatch(ChannelName.Group("g", "x:y"), "r", long.MaxValue, []),
        new PublishBatch(News, "r", 1, [new OutgoingPublication(Large(), "", "", int.MaxValue), new OutgoingPublication([0], null, "o", -1)]),
        new BatchPublished(1, []),
        new BatchPublished(1, [new StreamPosition("", 0), new StreamPosition("e", long.MaxValue), new StreamPosition("", 1)]),
        new BatchRefused(0, MayRepeat: false, MayBePublished: false),
        new Publications([]),
        new Publications([new Publication(ChannelName.User("ü", ":"), Here, Large(), "", "")]),
        new Missed(0, Whole: false, new StreamPosition("", 0), [], More: false),
        new Missed(1, Whole: true, new StreamPosition("e2", 0), [new Publication(News, Here, Array.Empty<byte>(), null, "o")], More: false),
        new LastRead(0, null, null, new StreamPosition("", 0)),
        new LastRead(1, [], "", Here),
        new ReportPresence(ChannelName.User("ü", ":"), "", "", 0, Begins: false, IsWhole: false, Returns: false, Wants: false, []),
        new MembersChange([new MemberChange(new ClientInfo("", "", default, Large()), Joins: false)]),
        new MembersPage("", 0, 0, [], More: false),
    ];

    public static object Of(string kind) => Pinned.Single(message => message.GetType().Name == kind);

    /// <summary>All that a message holds, lists and payloads too; null and empty are not the same.</summary>
    public static string Fields(object message) => message.GetType().Name + JsonSerializer.Serialize(message, message.GetType());

    private static byte[] Large()
    {
        var bytes = new byte[LargePayload];
        new Random(1).NextBytes(bytes);
        return bytes;
    }
}
