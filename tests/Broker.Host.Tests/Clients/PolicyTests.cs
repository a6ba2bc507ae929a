using Broker.Actors.Audiences;
using Broker.Actors.Channels;
using Broker.Host.Policy;
using Broker.Host.Tests.WebSockets;
using Microsoft.Extensions.DependencyInjection;

namespace Broker.Host.Tests.Clients;

/// <summary>The application's own decisions: the channel policy (ws4redis's allowed-channels callback) and its own words.</summary>
public sealed class PolicyTests
{
    private const string Broadcast = "/ws/foobar?subscribe-broadcast&publish-broadcast&echo";

    [Fact]
    public async Task The_policy_is_asked_with_caller_facility_and_words_and_decides_instead_of_the_defaults()
    {
        var asked = new TaskCompletionSource<ChannelRequest>();
        await using var server = await StartAsync(request =>
        {
            asked.TrySetResult(request);
            return ChannelDecision.Allow("subscribe-broadcast");
        });

        using var client = await server.OpenAsync("/ws/a%2Fb?Subscribe-Broadcast&publish-user&unknown&echo", "X-Tenant: 7");
        await server.Node.Publisher("a/b").PublishAsync("hello");

        Assert.Equal("hello", await client.ReadAsync());
        var request = await asked.Task.WaitAsync(Deadline.Fact);
        Assert.Equal(Caller.Anonymous, request.Caller);
        Assert.Equal("a/b", request.Facility);
        Assert.Equal(["subscribe-broadcast", "publish-user"], request.Words);
        Assert.Equal("7", request.Http.Request.Headers["X-Tenant"].ToString());
    }

    [Fact]
    public async Task Words_that_were_not_asked_for_do_not_count()
    {
        await using var server = await StartAsync(_ => ChannelDecision.Allow("subscribe-broadcast", "publish-broadcast", "nonsense"));
        using var client = await server.OpenAsync("/ws/foobar?subscribe-broadcast&echo");

        await client.SendAsync("not mine to send");
        await server.Node.Publisher("foobar").PublishAsync("end");

        Assert.Equal("end", await client.ReadAsync());
    }

    [Fact]
    public async Task A_refusal_is_a_403_with_the_policys_own_text()
    {
        await using var server = await StartAsync(_ => ChannelDecision.Refuse("Members only, <b>sorry</b>"));

        var (status, head, body) = await server.RefusedAsync(Broadcast);

        Assert.Equal((403, "Members only, <b>sorry</b>"), (status, body));
        Assert.Contains("Content-Type: text/plain", head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_anonymous_client_that_is_allowed_nothing_is_refused_and_a_user_gets_an_inert_socket()
    {
        await using var server = await StartAsync(_ => ChannelDecision.Allow());
        await server.Node.SignInAsync("key-1", "john", [], TimeSpan.FromMinutes(1));

        Assert.Equal(403, await server.StatusAsync(Broadcast));
        Assert.Equal(101, await server.StatusAsync(Broadcast, "Cookie: sessionid=key-1"));
    }

    [Theory]
    [InlineData("throws")]
    [InlineData("returns null")]
    [InlineData("never answers")]
    public async Task A_policy_that_fails_refuses_and_the_client_is_not_told_why(string failure)
    {
        await using var server = await ClientServer.StartAsync(
            ClientServer.Open + "\ncallback-timeout = 100ms",
            "Development",
            services => services.AddSingleton<IChannelPolicy>(new Asked(failure switch
            {
                "throws" => _ => throw new InvalidOperationException("the database at 10.0.0.1 is away"),
                "returns null" => _ => new ValueTask<ChannelDecision>(default(ChannelDecision)!),
                _ => _ => new ValueTask<ChannelDecision>(new TaskCompletionSource<ChannelDecision>().Task),
            })));

        var (status, _, body) = await server.RefusedAsync(Broadcast);

        Assert.Equal((403, "Forbidden"), (status, body));
        Assert.Contains("The channel policy failed", server.Log.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rules_are_a_fence_that_the_policy_cannot_open()
    {
        await using var server = await StartAsync(
            request => ChannelDecision.Allow(request.Words),
            "rules = [{ facility = staff, refuse = on }, { words = [publish-broadcast], allow = off }]");
        Assert.Equal(403, await server.StatusAsync("/ws/staff?subscribe-broadcast"));

        using var client = await server.OpenAsync(Broadcast);
        await client.SendAsync("dropped");
        await server.Node.Publisher("foobar").PublishAsync("end");

        Assert.Equal("end", await client.ReadAsync());
    }

    [Fact]
    public async Task The_policy_decides_where_everything_is_open_too()
    {
        await using var server = await StartAsync(_ => ChannelDecision.Refuse("no"), ClientServer.Open);

        Assert.Equal(403, await server.StatusAsync(Broadcast));
    }

    [Fact]
    public async Task An_application_can_have_words_and_channels_of_its_own()
    {
        await using var server = await ClientServer.StartAsync(
            "rules = [{ words = [watch, talk], allow = on }]", services: services => services.AddSingleton<IAudienceWords>(new Rooms()));
        using var first = await server.OpenAsync("/ws/blue?watch&talk");
        using var second = await server.OpenAsync("/ws/blue?watch");
        await using var witness = await Subscriber.OfAsync(server, ChannelName.Group("room-blue", "chat"));

        await first.SendAsync("hello");

        Assert.Equal("hello", await second.ReadAsync());
        Assert.Equal("hello", await witness.NextAsync());
        Assert.Equal(403, await server.StatusAsync("/ws/closed?watch"));
        Assert.Equal(403, await server.StatusAsync("/ws/broken?watch"));
    }

    [Fact]
    public async Task With_words_of_its_own_the_classic_ones_are_unknown()
    {
        await using var server = await ClientServer.StartAsync(
            ClientServer.Open + "\nwebsocket.heartbeat = beat", services: services => services.AddSingleton<IAudienceWords>(new Rooms()));
        using var client = await server.OpenAsync(Broadcast);

        await server.Node.Publisher("foobar").PublishAsync("unheard");
        await client.SendAsync("beat");

        Assert.Equal("beat", await client.ReadAsync());
    }

    [Theory]
    [InlineData("echo")]
    [InlineData("")]
    [InlineData("Upper")]
    [InlineData("watch")]
    public async Task Words_that_no_client_could_ask_for_stop_the_start(string word)
    {
        var words = new Rooms(new AudienceWord(word, WordUse.Subscribe));

        await Assert.ThrowsAsync<InvalidOperationException>(() => ClientServer.StartAsync(services: services => services.AddSingleton<IAudienceWords>(words)));
    }

    private static Task<ClientServer> StartAsync(Func<ChannelRequest, ChannelDecision> decide, string settings = "") =>
        ClientServer.StartAsync(settings, services: services => services.AddSingleton<IChannelPolicy>(new Asked(request => new(decide(request)))));

    private sealed class Asked(Func<ChannelRequest, ValueTask<ChannelDecision>> decide) : IChannelPolicy
    {
        public ValueTask<ChannelDecision> DecideAsync(ChannelRequest request, CancellationToken cancellation) => decide(request);
    }

    /// <summary>Two words for a chat room, whose name is the facility.</summary>
    private sealed class Rooms(params AudienceWord[] more) : IAudienceWords
    {
        public IReadOnlyList<AudienceWord> Words { get; } = [new("watch", WordUse.Subscribe), new("talk", WordUse.Publish), .. more];

        public ValueTask<IReadOnlyList<ChannelName>> ChannelsAsync(AudienceWord word, Caller caller, string facility, CancellationToken cancellation) => facility switch
        {
            "closed" => new([]),
            "broken" => throw new InvalidOperationException("no such room"),
            _ => new([ChannelName.Group($"room-{facility}", "chat")]),
        };
    }
}
