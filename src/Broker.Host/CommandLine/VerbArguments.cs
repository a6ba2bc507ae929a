using Broker.Host.Server;

namespace Broker.Host.CommandLine;

/// <summary>The arguments of a verb: options with a value, which may come more than once, and what stands without one.</summary>
internal sealed class VerbArguments
{
    private readonly List<(string Name, string Value)> _options = [];
    private readonly List<string> _plain = [];

    private VerbArguments()
    {
    }

    /// <summary>What is no option, in order.</summary>
    public IReadOnlyList<string> Plain => _plain;

    /// <param name="args">Behind the verb.</param>
    /// <param name="known">Names of options, with their dashes.</param>
    /// <exception cref="ArgumentsException">An option is not known, or has no value.</exception>
    public static VerbArguments Parse(string[] args, params ReadOnlySpan<string> known)
    {
        var read = new VerbArguments();
        for (var i = 0; i < args.Length; i++)
        {
            if (!args[i].StartsWith("--", StringComparison.Ordinal))
            {
                read._plain.Add(args[i]);
                continue;
            }

            var equals = args[i].IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? args[i] : args[i][..equals];
            if (!known.Contains(name)) throw new ArgumentsException($"{name}: not an option here; --help");
            if (equals < 0 && i + 1 == args.Length) throw new ArgumentsException($"{name}: a value is missing; --help");

            read._options.Add((name, equals < 0 ? args[++i] : args[i][(equals + 1)..]));
        }

        return read;
    }

    /// <summary>The last one given; null for none.</summary>
    public string? Option(string name) => _options.LastOrDefault(option => option.Name == name).Value;

    public IReadOnlyList<string> Options(string name) => [.. _options.Where(option => option.Name == name).Select(option => option.Value)];
}
