using System.Diagnostics.Metrics;
using System.Net.Http.Headers;
using Broker.Actors.Channels;
using Broker.Actors.Connections;
using Broker.Host.Policy;
using Microsoft.Extensions.DependencyInjection;

namespace Broker.Host.Tests.Clients;

/// <summary><c>POST /publish/{facility}?publish-…</c>.</summary>
public sealed class PublishTests
{
    [Fact]
    public async Task A_message_reaches_websockets_and_is_kept()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        using var reader = await server.OpenAsync("/ws/a/b?subscribe-broadcast");

        Assert.Equal((204, ""), await PostAsync(server, "/publish/a%2Fb?publish-broadcast", "hello"));

        Assert.Equal("hello", await reader.ReadAsync());
        using var late = await server.OpenAsync("/ws/a/b?subscribe-broadcast");
        Assert.Equal("hello", await late.ReadAsync());
    }

    [Fact]
    public async Task It_goes_to_the_senders_own_audiences_once()
    {
        await using var server = await ClientServer.StartAsync("jwt.hs256 = \"" + Jwt.Secret + "\"");
        var token = "Bearer " + Jwt.Hs256(new { sub = "john", groups = new[] { "staff" } });
        using var john = await server.OpenAsync("/ws/foobar?subscribe-user&subscribe-group", "Authorization: " + token);
        await using var staff = await Subscriber.OfAsync(server, ChannelName.Group("staff", "foobar"));

        Assert.Equal(204, (await PostAsync(server, "/publish/foobar?publish-user&publish-group", "one", token)).Status);
        Assert.Equal(204, (await PostAsync(server, "/publish/foobar?publish-user&publish-group", "two", token)).Status);

        // Of two channels no order is promised.
        Assert.Equal(["one", "two"], (await john.ReadAsync(2)).Order());
        Assert.Equal("one", await staff.NextAsync());
    }

    [Theory]
    [InlineData("open", "/publish/foobar", "hello", 400, "The query holds no word to publish")]
    [InlineData("open", "/publish/foobar?subscribe-broadcast", "hello", 400, "The query holds no word to publish")]
    [InlineData("open", "/publish/foobar?publish-broadcast", "", 400, "The message is empty")]
    [InlineData("open", "/publish/%C3%28?publish-broadcast", "hello", 400, "The path is not percent-encoded UTF-8")]
    [InlineData("open", "/publish/foobar?publish-broadcast", "too long a message", 413, "The message is too large")]
    [InlineData("open", "/publish/foobar?publish-user", "hello", 403, "Forbidden")]
    [InlineData("rules", "/publish/foobar?publish-broadcast", "hello", 403, "Forbidden")]
    public async Task What_cannot_be_published_is_answered_with_a_reason(string access, string target, string message, int status, string error)
    {
        await using var server = await ClientServer.StartAsync($"access = {access}\nmax-message = 10");

        Assert.Equal((status, $"{{\"error\":\"{error}\"}}"), await PostAsync(server, target, message));
    }

    [Fact]
    public async Task A_user_who_is_allowed_no_word_is_told()
    {
        await using var server = await ClientServer.StartAsync("jwt.hs256 = \"" + Jwt.Secret + "\"");

        Assert.Equal(403, (await PostAsync(server, "/publish/foobar?publish-broadcast", "hello", "Bearer " + Jwt.Hs256(new { sub = "john" }))).Status);
        Assert.Equal(401, (await PostAsync(server, "/publish/foobar?publish-broadcast", "hello", "Bearer nonsense")).Status);
    }

    [Fact]
    public async Task A_body_without_a_length_is_bounded_too()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open + "\nmax-message = 1KiB");
        using var http = server.Http();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/publish/foobar?publish-broadcast") { Content = new StreamContent(new MemoryStream(new byte[1025])) };
        request.Headers.TransferEncodingChunked = true;

        using var answer = await http.SendAsync(request);

        Assert.Equal(413, (int)answer.StatusCode);
    }

    [Fact]
    public async Task Only_a_post_publishes()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        using var http = server.Http();

        Assert.Equal(405, (int)(await http.GetAsync("/publish/foobar?publish-broadcast")).StatusCode);
    }

    [Fact]
    public async Task The_policy_is_asked_for_the_words_that_publish()
    {
        var policy = new Recording();
        await using var server = await ClientServer.StartAsync(services: services => services.AddSingleton<IChannelPolicy>(policy));

        Assert.Equal(204, (await PostAsync(server, "/publish/foobar?subscribe-user&publish-broadcast", "hello")).Status);

        Assert.Equal(["publish-broadcast"], policy.Words);
    }

    [Theory]
    [InlineData("change", 204)]
    [InlineData("refuse", 403)]
    [InlineData("throw", 403)]
    public async Task The_publish_handler_sees_it_as_it_sees_a_websockets_message(string message, int status)
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open, services: services => services.AddSingleton<IPublishHandler, Handler>());
        await using var witness = await Subscriber.OfAsync(server, ChannelName.Broadcast("foobar"));
        long failed = 0;
        using var meter = new MeterListener();
        meter.SetMeasurementEventCallback<long>((_, count, _, _) => Interlocked.Add(ref failed, count));
        meter.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == server.Node.Metrics.Meter && instrument.Name == "broker.publishes.failed") listener.EnableMeasurementEvents(instrument);
        };
        meter.Start();

        Assert.Equal(status, (await PostAsync(server, "/publish/foobar?publish-broadcast", message)).Status);
        await server.Node.Publisher("foobar").PublishAsync("end");

        Assert.Equal(status == 204 ? "changed" : "end", await witness.NextAsync());
        Assert.Equal(status == 204 ? 0 : 1, Interlocked.Read(ref failed));
    }

    [Fact]
    public async Task A_node_that_stops_publishes_nothing_more()
    {
        await using var server = await ClientServer.StartAsync(ClientServer.Open);
        await server.Node.StopAsync();

        Assert.Equal(503, (await PostAsync(server, "/publish/foobar?publish-broadcast", "hello")).Status);
    }

    private static async Task<(int Status, string Body)> PostAsync(ClientServer server, string target, string message, string? authorization = null)
    {
        using var http = server.Http();
        using var request = new HttpRequestMessage(HttpMethod.Post, target) { Content = new StringContent(message) };
        if (authorization is not null) request.Headers.Authorization = AuthenticationHeaderValue.Parse(authorization);

        using var answer = await http.SendAsync(request);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    private sealed class Recording : IChannelPolicy
    {
        public IReadOnlyList<string> Words { get; private set; } = [];

        public ValueTask<ChannelDecision> DecideAsync(ChannelRequest request, CancellationToken cancellation)
        {
            Words = request.Words;
            return new(ChannelDecision.Allow(request.Words));
        }
    }

    private sealed class Handler : IPublishHandler
    {
        public ValueTask<PublishDecision> OnPublishAsync(ClientPublish publish, CancellationToken cancellation) => System.Text.Encoding.UTF8.GetString(publish.Payload.Span) switch
        {
            "change" => new(PublishDecision.Change("changed"u8.ToArray())),
            "refuse" => new(PublishDecision.Refuse),
            _ => throw new InvalidOperationException("the handler failed"),
        };
    }
}
