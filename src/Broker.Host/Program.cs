using Broker.Host;
using Broker.Host.Clients;
using Broker.Host.CommandLine;
using Broker.Host.Server;

// check-config, gen-token, publish, subscribe, channels: what is asked of Broker from a shell.
if (Verbs.Find(args) is { } runVerbAsync) return await runVerbAsync();

// Broker as a server of its own: what any ASP.NET Core application does to have it inside, and what a process needs around it.
WebApplication? app = null;
try
{
    SocketThreads.Prepare();

    var arguments = ServerArguments.Parse(args);
    if (arguments.Help)
    {
        Console.Write(ServerArguments.Usage);
        return ExitCode.Stopped;
    }

    // Environment, logging, addresses and limits of the web server.
    var builder = ServerBuilder.Create(arguments);

    // The node, with its configuration: reference.conf, --demo, the user's file, one over the other.
    builder.AddBroker(options =>
    {
        options.ConfigurationFile = arguments.ConfigurationFile;
        options.Demo = arguments.Demo;
        options.ServePage = true;
    });

    app = builder.Build();

    // Websockets, publishing, pages, health, metrics.
    app.MapBroker();

    // The node first, then the web server; both have found their configuration right when this is done.
    await app.StartAsync();
}
catch (OperationCanceledException) when (app is { Lifetime.ApplicationStopping.IsCancellationRequested: true })
{
    // Told to stop before it was up.
    await app.DisposeAsync();
    return ExitCode.Stopped;
}
catch (Exception exception) when (StartFailure.Of(exception, app?.Services.GetService<BrokerHost>() is { IsStarted: true }) is { } failure)
{
    if (app is not null) await app.DisposeAsync();
    await Console.Error.WriteLineAsync(failure.Line);
    return failure.ExitCode;
}

await using (app)
{
    Console.WriteLine(ReadyLine.Of(app.Urls, app.Services.GetRequiredService<ClientSettings>().Path, app.Services.GetRequiredService<HostSettings>().ShowsPage));

    // Until SIGTERM, SIGINT: then clients are sent away in paces, the web server stops, Redis is last (BrokerLifetime).
    await app.WaitForShutdownAsync();
    return app.Services.GetRequiredService<BrokerHost>().WasShutOut ? ExitCode.OtherNode : ExitCode.Stopped;
}
