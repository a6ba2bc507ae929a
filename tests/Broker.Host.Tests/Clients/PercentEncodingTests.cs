using Broker.Host.Clients;
using FsCheck;
using FsCheck.Fluent;

namespace Broker.Host.Tests.Clients;

public sealed class PercentEncodingTests
{
    [Fact]
    public void What_was_encoded_is_decoded_to_the_same() => Prop.ForAll<string?>(text =>
    {
        var valid = string.Concat((text ?? "").EnumerateRunes());

        return PercentEncoding.IsWellFormed(Uri.EscapeDataString(valid)) && PercentEncoding.TryDecode(Uri.EscapeDataString(valid), out var decoded) && decoded == valid;
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_text_is_decoded_or_refused() => Prop.ForAll(Gen.Elements('%', '2', 'F', 'z', 'é', '\uD800', '/').ArrayOf().ToArbitrary(), text =>
    {
        var isDecoded = PercentEncoding.TryDecode(text, out var decoded);

        return isDecoded == (decoded is not null) && (!isDecoded || PercentEncoding.IsWellFormed(text));
    }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("%")]
    [InlineData("a%2")]
    [InlineData("%2g")]
    [InlineData("%+1")]
    [InlineData("%%20")]
    public void A_percent_sign_without_two_digits_is_refused(string text)
    {
        Assert.False(PercentEncoding.TryDecode(text, out _));
        Assert.False(PercentEncoding.IsWellFormed(text));
    }
}
