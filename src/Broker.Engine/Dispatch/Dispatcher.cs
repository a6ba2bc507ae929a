namespace Broker.Engine;

/// <summary>Decides on which thread the actors that name it run, and for how many messages at a time.</summary>
/// <param name="system">The system that it belongs to.</param>
/// <param name="id">Its path in the configuration.</param>
/// <param name="throughput">How many messages an actor may handle before it makes room for others.</param>
/// <param name="callerRuns">Whether a Tell to an idle actor runs it there and then, on the telling thread, unless that is hurried.</param>
internal sealed class Dispatcher(LocalActorSystem system, string id, int throughput, bool callerRuns)
{
    public LocalActorSystem System => system;

    public string Id => id;

    public int Throughput => throughput;

    public bool CallerRuns => callerRuns;

    /// <summary>Sees that the actor, which was idle, gets a turn.</summary>
    public void Schedule(LocalActorRef actor)
    {
        var worker = Worker.Current;
        if (worker.IsRunning)
        {
            worker.RunNext(actor);
        }
        else if (callerRuns && !worker.IsHurried)
        {
            worker.RunHere(actor);
        }
        else
        {
            RunQueue.Add(actor);
        }
    }
}
