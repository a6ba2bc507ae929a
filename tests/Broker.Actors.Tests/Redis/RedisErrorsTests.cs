using System.Reflection;
using Broker.Actors.Redis;
using StackExchange.Redis;

namespace Broker.Actors.Tests.Redis;

public sealed class RedisErrorsTests
{
    // The whole of Redis's words stood in the exception: with MOVED, the address of a node.
    [Theory]
    [InlineData("MOVED 3999 10.1.2.3:6381", "Redis cannot serve: MOVED")]
    [InlineData("ASK 3999 10.1.2.3:6381", "Redis cannot serve: ASK")]
    [InlineData("MASTERDOWN Link with MASTER is down", "Redis cannot serve: MASTERDOWN")]
    [InlineData("NOAUTH Authentication required.", "Redis cannot serve: NOAUTH")]
    [InlineData("ERR Error running script (call to f_1): @user_script:3: -OOM command not allowed", "Redis cannot serve: OOM")]
    [InlineData("Endpoint 10.1.2.3:6381 serving hashslot 3999 is not reachable at this point of time.", "Redis cannot serve: a node is missing")]
    public void What_passes_by_itself_is_told_by_its_code_alone(string said, string told) =>
        Assert.Equal(told, Assert.IsType<RedisUnavailableException>(RedisErrors.Translate(FromRedis(said), null)).Message);

    [Theory]
    [InlineData("ERR value is not an integer or out of range")]
    [InlineData("WRONGTYPE Operation against a key holding the wrong kind of value")]
    [InlineData("NOPERM No permissions to access a channel")]
    [InlineData("ERR Error running script (call to f_1): @user_script:3: attempt to index a nil value")]
    public void What_Redis_refuses_for_good_is_told_in_its_own_words(string said) =>
        Assert.Equal(said, Assert.IsType<RedisRefusedException>(RedisErrors.Translate(FromRedis(said), null)).Message);

    private static Exception FromRedis(string message) =>
        (Exception)Activator.CreateInstance(typeof(RedisServerException), BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, null, [message], null)!;
}
