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
            // The library of this version does not tell the type but by trying; and it takes an array of one for its element, so this comes first.
            return new RedisReply(Items: Array.ConvertAll((RedisResult[])result!, Of));
        }
        catch (InvalidCastException)
        {
            var value = (RedisValue)result;
            return value.IsInteger ? new RedisReply(Number: (long)value) : new RedisReply((string?)value);
        }
        catch (RedisServerException error)
        {
            return new RedisReply(Error: error.Message);
        }
    }
}
