using System.Diagnostics;
using System.Text;
using Broker.Actors.Redis;

namespace Broker.Actors.Tests.Redis;

/// <summary>An implementation, as the contract needs it.</summary>
public abstract class AnyRedis
{
    internal abstract Task<IRedisBus> OpenAsync();

    /// <summary>Lets time pass where time can be moved; elsewhere it passes by itself.</summary>
    internal virtual void Elapse(TimeSpan time)
    {
    }
}

/// <summary>What every <see cref="IRedisBus"/> promises, in parts: each part is a class of sentences that runs on every implementation.</summary>
public abstract class BusContract(AnyRedis redis) : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    internal IRedisBus Bus { get; private set; } = null!;

    /// <summary>A channel of this test alone.</summary>
    internal RedisKeys Keys { get; } = new("broadcast:" + Guid.NewGuid().ToString("N"));

    public async Task InitializeAsync() => Bus = await OpenAsync();

    public async Task DisposeAsync() => await Bus.DisposeAsync();

    private protected Task<IRedisBus> OpenAsync() => redis.OpenAsync();

    private protected void Elapse(TimeSpan time) => redis.Elapse(time);

    private protected static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private protected static OutgoingPublication Own(string payload, string? id = null, string? origin = null, int expire = 0, bool shared = false) =>
        new(Bytes(payload), id, origin, expire, shared);

    private protected static OutgoingPublication Foreign(string payload) => new(Bytes(payload), null, null, 0, Foreign: true);

    private protected Task PublishAsync(params OutgoingPublication[] publications) => Bus.PublishAsync(Keys, publications);

    private protected Task<RedisReply> DoAsync(string command, params string[] arguments) => Bus.ExecuteAsync(command, arguments);

    private protected async Task<string?> LastAsync() => await Bus.ReadLastAsync(Keys) is { Payload: { } payload } ? Encoding.UTF8.GetString(payload) : null;

    private protected async Task<Recorder> SubscribeAsync(RedisKeys? keys = null, bool withMarks = true)
    {
        keys ??= Keys;
        var recorder = new Recorder();
        Bus.Subscribe(keys.Channel, withMarks ? keys.Mark : null, recorder);
        await recorder.SubscribedAsync();
        return recorder;
    }

    /// <summary>Asks until the answer is right, or the test fails.</summary>
    private protected static async Task UntilAsync(Func<Task<bool>> fact)
    {
        var clock = Stopwatch.StartNew();
        while (!await fact())
        {
            Assert.True(clock.Elapsed < Patience, "it did not come true in time");
            await Task.Delay(10);
        }
    }
}
