using Broker.Faults;
using Broker.Faults.Deployments;
using Broker.Faults.Scenarios;

// A node that a scenario kills.
if (args is ["members", .. var members])
{
    await MemberNode.RunAsync(members);
    return 0;
}

// Runs scenarios at full size: Broker.Faults SCENARIO... [--small]. Exit code 1 if one did not hold.
var scenarios = new Dictionary<string, Func<Scale, Task<Verdict>>>
{
    ["steady"] = Steady.RunAsync,
    ["kill-owner"] = KillOwner.RunAsync,
    ["pause-owner"] = PauseOwner.RunAsync,
    ["rolling-restart"] = RollingRestart.RunAsync,
    ["grow-and-shrink"] = GrowAndShrink.RunAsync,
    ["redis-restart"] = LoseRedis.RestartAsync,
    ["redis-fail-over"] = LoseRedis.FailOverAsync,
    ["redis-old-master"] = LoseRedis.OldMasterReturnsAsync,
    ["cut-link"] = CutLink.RunAsync,
    ["stranger"] = Stranger.RunAsync,
    ["bare-publish"] = BarePublish.RunAsync,
    ["link-cost"] = LinkCost.RunAsync,
    ["kill-members"] = KillMembers.RunAsync,
    ["come-back"] = ComeBack.RunAsync,
    ["come-back-redis"] = ComeBack.WithoutRedisAsync,
};

var names = args.Where(argument => argument != "--small").ToList();
if (names.Count == 0 || names.Any(name => !scenarios.ContainsKey(name)))
{
    Console.Error.WriteLine($"usage: run.sh SCENARIO... [--small]; scenarios: {string.Join(" ", scenarios.Keys)}");
    return 2;
}

var scale = args.Contains("--small") ? Scale.Small : Scale.Full;
var held = true;
foreach (var name in names)
{
    var verdict = await scenarios[name](scale);
    Console.WriteLine(verdict);
    held &= verdict.Problems.Count == 0;
}

return held ? 0 : 1;
