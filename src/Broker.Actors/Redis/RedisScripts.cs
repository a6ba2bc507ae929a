using System.Reflection;

namespace Broker.Actors.Redis;

/// <summary>The Lua scripts in <c>Scripts/</c>; each says at its head what it takes and answers.</summary>
internal static class RedisScripts
{
    public static readonly string Publish = Load("publish");
    public static readonly string Append = Load("append");
    public static readonly string TakeOver = Load("take-over");
    public static readonly string ReadHistory = Load("read-history");
    public static readonly string Fence = Load("fence");
    public static readonly string HoldLease = Load("hold-lease");
    public static readonly string Execute = Load("execute");
    public static readonly string Raise = Load("raise");
    public static readonly string ReleaseLease = Load("release-lease");
    public static readonly string ClusterExchange = Load("cluster-exchange");
    public static readonly string ClusterLeave = Load("cluster-leave");
    public static readonly string ClusterSeeds = Load("cluster-seeds");

    private static string Load(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"Broker.Actors.Redis.Scripts.{name}.lua")!;
        using var text = new StreamReader(stream);
        return text.ReadToEnd();
    }
}
