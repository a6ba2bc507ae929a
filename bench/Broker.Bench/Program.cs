using Broker.Bench;
using Broker.Bench.Clusters;
using Broker.Bench.Engine;
using Broker.Bench.Peers;
using Broker.Bench.Scenarios;

// dotnet run -c Release --project bench/Broker.Bench -- SCENARIO [options]
try
{
    switch (args)
    {
        case ["engine", .. var rest]:
            return await EngineBench.Run(rest);

        case ["cluster"]:
            return await OwnerCost.RunAsync();

        case ["serve", .. var rest]:
            return await PeerServer.RunAsync(rest);

        case ["all", .. var rest]:
            var status = 0;
            foreach (var scenario in Scenario.Loads) status |= await BenchRun.RunAsync(scenario, BenchOptions.Parse(rest));
            return status;

        case ["memory", var name, .. var rest] when Scenario.Loads.FirstOrDefault(load => load.Name == name) is { } load:
            return await BenchRun.RunAsync(Aftermath.Of([load]), BenchOptions.Parse(rest));

        case [var verb, .. var rest] when Scenario.Loads.Append(Scenario.Memory).FirstOrDefault(scenario => scenario.Name == verb) is { } scenario:
            return await BenchRun.RunAsync(scenario, BenchOptions.Parse(rest));
    }
}
catch (Exception exception) when (exception is BenchException or ArgumentException)
{
    Console.Error.WriteLine(exception.Message);
    return 2;
}

Console.Error.WriteLine("Broker.Bench SCENARIO [options]");
Console.Error.WriteLine($"  {"engine",-10} the actor engine: bytes per actor, tells, asks, starts and stops");
Console.Error.WriteLine($"  {"cluster",-10} what a publication costs its channel's owner, with subscribers on other nodes");
foreach (var scenario in Scenario.Loads.Append(Scenario.Memory)) Console.Error.WriteLine($"  {scenario.Name,-10} {scenario.Says}");
Console.Error.WriteLine($"  {"all",-10} all of them but engine, cluster and memory");
Console.Error.WriteLine(BenchOptions.Usage);
return 2;
