using System.Reflection;
using Broker.Hocon;

namespace Broker.Actors.Settings;

/// <summary>
/// The configuration of a node: a file of the user's over <c>reference.conf</c>, resolved and checked for settings that nobody knows.
/// </summary>
public static class Configuration
{
    // Objects whose keys are the user's own.
    private static readonly HashSet<string> OpenObjects = ["broker.history", "broker.outbox-policy"];

    private static readonly string[] LogLevels = ["OFF", "ERROR", "WARNING", "INFO", "DEBUG"];

    /// <summary>Every setting with its default; what the actor engine of this build needs besides goes over it.</summary>
    public static HoconDocument Reference { get; } = Resource("engine.conf").WithFallback(Resource("reference.conf"));

    /// <summary>The defaults, with the environment.</summary>
    public static HoconObject Default() => Reference.Resolve();

    /// <summary>Reads a file over the defaults.</summary>
    /// <exception cref="HoconException">The file, or a value in it, is wrong.</exception>
    public static HoconObject Load(string path) => Over(HoconDocument.Load(path));

    /// <summary>Reads a text over the defaults.</summary>
    /// <exception cref="HoconException">A value is wrong or unknown.</exception>
    public static HoconObject Parse(string text) => Over(HoconDocument.Parse(text, "configuration"));

    /// <summary>Puts a document over the defaults.</summary>
    /// <param name="document">What differs from the defaults.</param>
    /// <param name="environment">Where <c>${?NAME}</c> is looked up; the process's environment by default.</param>
    /// <exception cref="HoconException">A value is wrong or unknown.</exception>
    public static HoconObject Over(HoconDocument document, Func<string, string?>? environment = null)
    {
        var resolved = document.WithFallback(Reference).Resolve(environment);
        RejectUnknown(resolved.GetObject("broker"), Reference.Resolve(environment).GetObject("broker"));

        // The one setting of the engine that many change. Its own error names no place, and on Akka.NET nothing catches it.
        var engine = resolved.GetObject("akka");
        engine["loglevel"].OneOf(LogLevels);
        engine["stdout-loglevel"].OneOf(LogLevels);
        return resolved;
    }

    /// <summary>What of it is the actor engine's: all but the broker's own settings.</summary>
    public static string EngineText(HoconObject configuration) => string.Concat(configuration
        .Where(section => section.Key != "broker" && section.Value is HoconObject)
        .Select(section => $"{section.Key} {{\n{section.Value.ToHocon()}}}\n")
        .Append(configuration.Get("broker.cluster.enabled").AsBoolean() ? "akka.actor.provider = cluster\n" : ""));

    private static void RejectUnknown(HoconObject given, HoconObject known)
    {
        if (OpenObjects.Contains(known.Path)) return;

        foreach (var (key, value) in given)
        {
            if (!known.TryGetValue(key, out var reference))
                throw HoconChecks.Wrong(value, $"unknown setting; known here: {string.Join(", ", known.Keys.Order())}");

            if (reference is HoconObject inner) RejectUnknown(value.AsObject(), inner);
        }
    }

    private static HoconDocument Resource(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"{name} is missing from the assembly");
        using var reader = new StreamReader(stream);
        return HoconDocument.Parse(reader.ReadToEnd(), name);
    }
}
