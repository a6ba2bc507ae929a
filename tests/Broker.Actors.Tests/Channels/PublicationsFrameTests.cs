using Broker.Actors.Channels;

namespace Broker.Actors.Tests.Channels;

public sealed class PublicationsFrameTests
{
    private const int Half = PublicationsFrame.MaxBytes / 2;

    [Theory]
    [InlineData(new[] { 1, 2, 3 }, new[] { 3 })]
    [InlineData(new[] { Half - 64, Half - 64, 1 }, new[] { 2, 1 })]
    [InlineData(new[] { Half, Half, 1 }, new[] { 1, 2 })]
    [InlineData(new[] { 1, 100 * 1024, 1, 2 }, new[] { 1, 1, 2 })]
    [InlineData(new int[0], new int[0])]
    public void A_message_ends_where_it_would_become_too_large_for_a_link_and_one_publication_that_is_goes_alone(int[] sizes, int[] counts)
    {
        var publications = sizes.Select(size => Of(new byte[size])).ToArray();

        Assert.Equal(counts, Cut(publications));
    }

    [Fact]
    public void Small_publications_and_their_ids_take_room_too()
    {
        var publications = Enumerable.Range(0, 1000).Select(_ => Of([]) with { PublishId = new string('p', 32), Origin = new string('o', 32) }).ToArray();

        Assert.Equal([384, 384, 232], Cut(publications));
    }

    private static Publication Of(byte[] payload) => new(ChannelName.Broadcast("news"), new StreamPosition("e", 1), payload);

    private static IEnumerable<int> Cut(Publication[] publications)
    {
        for (var (start, end) = (0, 0); start < publications.Length; start = end)
        {
            end = PublicationsFrame.End(publications, start);
            yield return end - start;
        }
    }
}
