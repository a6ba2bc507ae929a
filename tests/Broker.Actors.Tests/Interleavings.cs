using System.Text;

namespace Broker.Actors.Tests;

/// <summary>
/// Runs a scenario under thousands of random interleavings from fixed seeds. A failure is cut down to the choices that it needs and shown as the steps that were taken.
/// </summary>
internal static class Interleavings
{
    public static void Check(int runs, int length, Action<Choices> scenario)
    {
        for (var seed = 0; seed < runs; seed++)
        {
            var random = new Random(seed);
            var values = new int[length];
            for (var i = 0; i < length; i++) values[i] = random.Next(1 << 20);
            if (Fails(values, scenario) is null) continue;

            values = Shrink(values, scenario);
            var (steps, problem) = Fails(values, scenario)!.Value;
            Assert.Fail($"seed {seed}, {values.Length} choices:\n{steps}\n{problem}");
        }
    }

    private static int[] Shrink(int[] values, Action<Choices> scenario)
    {
        for (var chunk = values.Length / 2; chunk > 0; chunk /= 2)
        {
            for (var start = 0; start + chunk <= values.Length;)
            {
                int[] fewer = [.. values[..start], .. values[(start + chunk)..]];
                if (Fails(fewer, scenario) is null) start += chunk;
                else values = fewer;
            }
        }

        return values;
    }

    private static (string Steps, string Problem)? Fails(int[] values, Action<Choices> scenario)
    {
        var choices = new Choices(values);
        try
        {
            scenario(choices);
            return null;
        }
        catch (Exception problem)
        {
            return (choices.Steps, problem.ToString());
        }
    }
}

/// <summary>What chance decides in one run, and what was done.</summary>
internal sealed class Choices(int[] values)
{
    private const int MostSteps = 400;

    private readonly StringBuilder _steps = new();
    private int _next;
    private int _count;

    /// <summary>Nothing is left to chance: the run is to be brought to its end.</summary>
    public bool AreOver => _next >= values.Length;

    public string Steps => _steps.ToString();

    /// <summary>A number from 0; 0 when the choices are over.</summary>
    public int Next(int bound) => AreOver ? 0 : values[_next++] % bound;

    public bool Once(int inSoMany) => Next(inSoMany) == inSoMany - 1;

    public void Step(string what)
    {
        if (++_count <= MostSteps) _steps.AppendLine(what);
        else if (_count == MostSteps + 1) _steps.AppendLine("…");
    }
}
