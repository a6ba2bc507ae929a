using System.Globalization;

namespace Broker.Engine;

/// <summary>
/// What the engine has to say itself, to standard error: it depends on no logging library. Broker's supervisors use theirs.
/// </summary>
internal sealed class Log
{
    private readonly Level _least;
    private readonly string _system;

    public Log(Config config, string system)
    {
        var wanted = Read(config, "akka.loglevel");
        var standard = Read(config, "akka.stdout-loglevel");
        _least = wanted > standard ? wanted : standard;
        _system = system;
    }

    private enum Level
    {
        Debug,
        Info,
        Warning,
        Error,
        Off,
    }

    public void Warning(string text, Exception? cause = null) => Write(Level.Warning, text, cause);

    public void Error(string text, Exception? cause = null) => Write(Level.Error, text, cause);

    private static Level Read(Config config, string path) =>
        Enum.TryParse<Level>(config.GetString(path), ignoreCase: true, out var level)
            ? level
            : throw new ConfigurationException($"{path} is [{config.GetString(path)}]; it must be DEBUG, INFO, WARNING, ERROR or OFF.");

    private void Write(Level level, string text, Exception? cause)
    {
        if (level < _least)
        {
            return;
        }

        var time = DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
        Console.Error.WriteLine($"{time} {level} [{_system}] {text}{(cause is null ? "" : Environment.NewLine + cause)}");
    }
}
