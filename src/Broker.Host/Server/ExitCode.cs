namespace Broker.Host.Server;

/// <summary>How the server's process ends. A supervisor need not try 2 again by itself; 3 and 4 may pass.</summary>
internal static class ExitCode
{
    /// <summary>It was told to stop, and did.</summary>
    public const int Stopped = 0;

    /// <summary>A setting or an argument is wrong.</summary>
    public const int Configuration = 2;

    /// <summary>It cannot listen on its address: in use, not this machine's, not permitted.</summary>
    public const int Address = 3;

    /// <summary>Another node uses this Redis in a way that excludes this one.</summary>
    public const int OtherNode = 4;
}
