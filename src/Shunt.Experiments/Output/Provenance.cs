using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Shunt.Experiments;

/// <summary>Who made a result: program, machine, time and conventions.</summary>
public static class Provenance
{
    private const string Unknown = "unknown";

    private const string Varies = "varies (see points)";

    /// <summary>Collects the record of a run.</summary>
    /// <param name="points">The experiment, or every point of a sweep: what is not the same at all of them is said to vary.</param>
    /// <param name="commandLine">The command as it was typed.</param>
    /// <param name="date">When it was run.</param>
    /// <param name="outcome">How it ended: <c>complete</c>, <c>stopped</c> or <c>failed: why</c>; <c>running</c> until it has.</param>
    /// <param name="resumed">Where and when it went on after interruptions; empty for a run without any.</param>
    /// <param name="ranks">Processes that shared the network.</param>
    public static IReadOnlyList<KeyValuePair<string, string>> Of(
        IReadOnlyList<Experiment> points, string commandLine, DateTimeOffset date, string outcome, string resumed = "", int ranks = 1)
    {
        string[] version = Informational.Split('+', 2);
        var record = new List<KeyValuePair<string, string>>
        {
            new("program", "shunt"),
            new("version", version[0]),
            new("commit", version.Length > 1 ? version[1] : Unknown),
            new("command", commandLine),
            new("outcome", outcome),
            new("date_utc", Utc(date)),
            new("runtime", RuntimeInformation.FrameworkDescription),
            new("os", RuntimeInformation.OSDescription),
            new("architecture", RuntimeInformation.ProcessArchitecture.ToString()),
            new("cpu", CpuModel()),
            new("cores", Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture)),
            new("seed", Shared(p => p.Simulation.Seed.ToString(CultureInfo.InvariantCulture))),
            new("theory_method", Shared(p => p.TheoryMethod)),
        };
        if (resumed.Length > 0) record.Insert(record.FindIndex(r => r.Key == "date_utc") + 1, new("resumed", resumed));
        if (ranks > 1) record.Insert(record.FindIndex(r => r.Key == "cores") + 1, new("ranks", ranks.ToString(CultureInfo.InvariantCulture)));
        record.AddRange(points.SelectMany(p => p.Set).Select(s => s.Key).Distinct()
            .Select(path => new KeyValuePair<string, string>($"set.{path}", Shared(p => p.Set.FirstOrDefault(s => s.Key == path).Value ?? ""))));
        record.AddRange(points.SelectMany(p => p.Conventions.Keys).Distinct()
            .Select(name => new KeyValuePair<string, string>($"conventions.{name}", Shared(p => p.Conventions.GetValueOrDefault(name, "")))));
        return record;

        string Shared(Func<Experiment, string> value) => points.Count == 0 ? "" : points.All(p => value(p) == value(points[0])) ? value(points[0]) : Varies;
    }

    /// <summary>Program, version and commit in one line.</summary>
    internal static string Program => $"shunt {Informational}";

    private static string Informational =>
        typeof(Provenance).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? Unknown;

    /// <summary>A time as provenance writes it.</summary>
    internal static string Utc(DateTimeOffset date) => date.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    /// <summary>Content of <c>provenance.json</c>: the names as keys, those with a dot inside an object.</summary>
    /// <param name="record">The record.</param>
    public static string Json(IReadOnlyList<KeyValuePair<string, string>> record)
    {
        return PointJson.Text(
            w =>
            {
                w.WriteStartObject();
                foreach ((string name, string value) in record.Where(r => !r.Key.Contains('.', StringComparison.Ordinal))) w.WriteString(name, value);
                foreach (var group in record.Where(r => r.Key.Contains('.', StringComparison.Ordinal)).GroupBy(r => r.Key.Split('.', 2)[0]))
                {
                    w.WriteStartObject(group.Key);
                    foreach ((string name, string value) in group) w.WriteString(name.Split('.', 2)[1], value);
                    w.WriteEndObject();
                }

                w.WriteEndObject();
            },
            indented: true) + "\n";
    }

    private static string CpuModel()
    {
        const string linux = "/proc/cpuinfo";
        try
        {
            string? line = File.Exists(linux)
                ? File.ReadLines(linux).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))
                : Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER") is { } name ? $": {name}" : null;
            return line?.Split(':', 2)[^1].Trim() ?? Unknown;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Unknown;
        }
    }
}
