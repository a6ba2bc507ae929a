using System.Net;
using Broker.Actors.Redis;

namespace Broker.Actors.Tests.Redis;

/// <summary>Where Redis is, as people write it.</summary>
public sealed class RedisConnectionStringTests
{
    [Theory]
    [InlineData("redis://redis.example", "redis.example:6379", null, false, 0)]
    [InlineData("redis://redis.example:7000/3", "redis.example:7000", null, false, 3)]
    [InlineData("redis://:secret@redis.example/", "redis.example:6379", "secret", false, 0)]
    [InlineData("redis://default:secret@127.0.0.1:7000", "127.0.0.1:7000", "secret", false, 0)]
    [InlineData("redis://:p%40ss%2Fword@redis.example", "redis.example:6379", "p@ss/word", false, 0)]
    [InlineData("redis://:p@ss?#@redis.example", "redis.example:6379", "p@ss?#", false, 0)]
    [InlineData("rediss://:secret@redis.example:6390/1", "redis.example:6390", "secret", true, 1)]
    [InlineData("redis://[::1]:7000", "[::1]:7000", null, false, 0)]
    [InlineData("redis://[::1]", "[::1]:6379", null, false, 0)]
    [InlineData("redis.example", "redis.example:6379", null, false, 0)]
    [InlineData("redis.example,ssl=true", "redis.example:6380", null, true, 0)]
    [InlineData("a:1, b:2 ,password=secret,defaultDatabase=4,abortConnect=true", "a:1,b:2", "secret", false, 4)]
    [InlineData("a:1,user=default,password=a=b", "a:1", "a=b", false, 0)]
    public void Both_forms_are_read(string text, string hosts, string? password, bool tls, int database)
    {
        var connection = RedisConnectionString.Parse(text);

        Assert.Equal((hosts, password, tls, database), (connection.ToString(), connection.Password, connection.Tls, connection.Database));
        var options = connection.ToOptions();
        Assert.Equal(connection.EndPoints, options.EndPoints);
        Assert.Equal((password, tls), (options.Password, options.Ssl));
    }

    [Fact]
    public void The_name_on_the_certificate_can_differ_from_the_host()
    {
        Assert.Equal("redis.internal", RedisConnectionString.Parse("10.0.0.1:6380,ssl=true,sslHost=redis.internal").TlsHost);
        Assert.Null(RedisConnectionString.Parse("rediss://redis.example").TlsHost);
    }

    [Fact]
    public void Addresses_and_names_are_told_apart()
    {
        Assert.IsType<IPEndPoint>(RedisConnectionString.Parse("redis://127.0.0.1").EndPoints[0]);
        Assert.IsType<DnsEndPoint>(RedisConnectionString.Parse("redis://localhost").EndPoints[0]);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("   ", "empty")]
    [InlineData("http://redis.example", "redis://")]
    [InlineData("redis://", "host")]
    [InlineData("redis://:hunter2@", "host")]
    [InlineData("redis://:hunter2@:6379", "host")]
    [InlineData("redis://:hunter2@redis.example:port", "port")]
    [InlineData("redis://:hunter2@redis.example:0", "port")]
    [InlineData("redis://:hunter2@redis.example:65536", "port")]
    [InlineData("redis://:hunter2@redis.example/zero", "database")]
    [InlineData("redis://:hunter2@redis.example/1?ssl=true", "database")]
    [InlineData("redis://hunter2@redis.example", "user:password@host")]
    [InlineData("redis://someone:hunter2@redis.example", "user")]
    [InlineData("redis.example,password=hunter2,pasword=hunter2", "pasword")]
    [InlineData("redis.example,connectTimeout=hunter2", "connecttimeout")]
    [InlineData("redis.example,password=hunter2,channelPrefix=x", "channelPrefix")]
    [InlineData("redis.example,password=hunter2,serviceName=x", "Sentinel")]
    [InlineData("password=hunter2", "host")]
    public void A_wrong_one_is_refused_with_its_reason_and_without_its_password(string text, string reason)
    {
        var refused = Assert.Throws<FormatException>(() => RedisConnectionString.Parse(text));

        Assert.Contains(reason, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_password_is_not_shown()
    {
        Assert.DoesNotContain("hunter2", $"{RedisConnectionString.Parse("redis://:hunter2@redis.example")}", StringComparison.Ordinal);
    }
}
