using StackExchange.Redis;

namespace Broker.Actors.Redis;

/// <summary>What the gateway passes on.</summary>
internal static class RedisReplies
{
    public static RedisReply Of(RedisResult result)
    {
        if (result.IsNull) return new RedisReply();

        try
        {
            var value = (RedisValue)result;
            return value.IsInteger ? new RedisReply(Number: (long)value) : new RedisReply((string?)value);
        }
        catch (InvalidCastException)
        {
            // The library of this version does not tell the type but by trying.
            return new RedisReply(Items: Array.ConvertAll((RedisResult[])result!, Of));
        }
        catch (RedisServerException error)
        {
            return new RedisReply(Error: error.Message);
        }
    }
}
