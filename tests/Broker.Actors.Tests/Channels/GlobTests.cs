using Broker.Actors.Settings;

namespace Broker.Actors.Tests.Channels;

public sealed class GlobTests
{
    [Theory]
    [InlineData("app:*", "app:", true)]
    [InlineData("app:*", "app:a\nb", true)]
    [InlineData("app:?", "app:a", true)]
    [InlineData("app:?", "app:", false)]
    [InlineData("app:counter", "app:counter", true)]
    [InlineData("app:counter", "my app:counter", false)]
    [InlineData("app:counter", "app:counters", false)]
    [InlineData("a.c", "abc", false)]
    [InlineData("app:counter", "app:counter\n", false)] // Another key, and it was let in: a regular expression's $ also stands before a last line feed.
    public void A_pattern_fits_whole_names(string pattern, string name, bool fits) => Assert.Equal(fits, new Glob(pattern).Fits(name));
}
