using Broker.Bench.Engine;

// One verb a scenario: dotnet run -c Release --project bench/Broker.Bench -- VERB [options]
var verbs = new Dictionary<string, (string Says, Func<string[], Task<int>> Run)>
{
    ["engine"] = ("the actor engine: bytes per actor, tells, asks, starts and stops", EngineBench.Run),
};

if (args is [var verb, .. var rest] && verbs.TryGetValue(verb, out var chosen))
{
    return await chosen.Run(rest);
}

Console.Error.WriteLine("Broker.Bench VERB [options]");
foreach (var (name, (says, _)) in verbs)
{
    Console.Error.WriteLine($"  {name,-12} {says}");
}

return 2;
