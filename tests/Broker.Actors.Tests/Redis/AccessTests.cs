using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Broker.Actors.Redis;
using Broker.Actors.Tests.Nodes;
using Broker.Testing.Redis;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Actors.Tests.Redis;

/// <summary>Passwords and TLS.</summary>
public sealed class AccessTests
{
    private static readonly RedisKeys Keys = new("broadcast:foobar");

    private static async Task PublishesAndHearsAsync(IRedisBus bus)
    {
        var recorder = new Recorder();
        bus.Subscribe(Keys.Channel, Keys.Mark, recorder);
        await recorder.SubscribedAsync();
        await bus.PublishAsync(Keys, [new OutgoingPublication("hello"u8.ToArray(), null, null, 60)]);
        await recorder.PayloadsAsync(1);
    }

    [Fact]
    public async Task A_password_lets_both_connections_in()
    {
        await using var server = await RedisServer.StartAsync("s€cret:/@ word");

        await using var byUrl = await OneRedis.OpenAsync(server.ConnectionString);
        await PublishesAndHearsAsync(byUrl);

        await using var byList = await OneRedis.OpenAsync($"127.0.0.1:{server.Port},password=s€cret:/@ word");
        await PublishesAndHearsAsync(byList);
    }

    [Theory]
    [InlineData(":wrong@", "WRONGPASS")]
    [InlineData("", "NOAUTH")]
    public async Task A_wrong_or_missing_password_is_a_clear_state_and_no_hang(string login, string reason)
    {
        await using var server = await RedisServer.StartAsync("right");
        var clock = Stopwatch.StartNew();
        await using var bus = (RedisBus)await OneRedis.OpenAsync($"redis://{login}127.0.0.1:{server.Port}");

        // Two connections try: the commands' may have failed before the subscriptions' has.
        await TestNode.UntilAsync(() => bus.Trouble?.Contains(reason, StringComparison.Ordinal) == true, reason);
        var failure = await Assert.ThrowsAsync<RedisUnavailableException>(() => bus.PublishAsync(Keys, [new OutgoingPublication([], null, null, 60)]));

        Assert.False(bus.IsConnected);
        Assert.Contains(reason, failure.Message, StringComparison.Ordinal);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(15), $"it took {clock.Elapsed}");
    }

    [Fact]
    public async Task A_password_that_nobody_asked_for_does_no_harm()
    {
        await using var server = await RedisServer.StartAsync();

        await using var bus = await OneRedis.OpenAsync($"redis://:unneeded@127.0.0.1:{server.Port}");

        await PublishesAndHearsAsync(bus);
    }

    [Fact]
    public async Task Over_tls_both_connections_work()
    {
        var (directory, port) = (Directory.CreateTempSubdirectory("redis-tls-"), RedisServer.FreePort());
        var thumbprint = WriteCertificate(directory.FullName);
        await using var server = await RedisServer.StartAsync(
            "right", "--tls-port", $"{port}", "--tls-auth-clients", "no",
            "--tls-cert-file", Path.Combine(directory.FullName, "cert.pem"),
            "--tls-key-file", Path.Combine(directory.FullName, "key.pem"),
            "--tls-ca-cert-file", Path.Combine(directory.FullName, "cert.pem"));
        var connection = RedisConnectionString.Parse($"rediss://:right@localhost:{port}")
            .TrustingCertificates((_, certificate, _, _) => certificate?.GetCertHashString() == thumbprint);

        await using var bus = await RedisBus.ConnectAsync(connection, OneRedis.Settings, NullLogger.Instance);

        await PublishesAndHearsAsync(bus);
        directory.Delete(recursive: true);
    }

    [Fact]
    public async Task A_server_that_speaks_no_tls_is_unavailable_to_tls()
    {
        await using var server = await RedisServer.StartAsync();
        var settings = OneRedis.Settings with { Timeout = TimeSpan.FromSeconds(1), Subscriptions = OneRedis.Settings.Subscriptions with { ConnectTimeout = TimeSpan.FromSeconds(1) } };

        await using var bus = await OneRedis.OpenAsync($"rediss://localhost:{server.Port}", settings);

        await Assert.ThrowsAsync<RedisUnavailableException>(() => bus.PingAsync());
        Assert.False(bus.IsConnected);
    }

    private static string WriteCertificate(string directory)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(Path.Combine(directory, "cert.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(directory, "key.pem"), key.ExportPkcs8PrivateKeyPem());
        return certificate.GetCertHashString();
    }
}
