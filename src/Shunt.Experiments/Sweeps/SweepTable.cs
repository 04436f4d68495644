using System.Text.Json;
using Parquet;
using Parquet.Schema;
using Shunt.Model;

namespace Shunt.Experiments;

/// <summary>
/// The table of a sweep, one row a point: where it lies, what became of it, and what theory and simulation say about every population. Names carry units;
/// a number that is not known is an empty cell.
/// </summary>
internal sealed class SweepTable
{
    private readonly SweepPlan plan;
    private readonly string[] header;
    private readonly bool[] isNumber;
    private readonly string[] populations, quantities;
    private readonly bool hasTheory, hasSimulation;

    internal SweepTable(SweepPlan plan, SweepContent content)
    {
        this.plan = plan;
        (hasTheory, hasSimulation) = (content.HasFlag(SweepContent.Theory), content.HasFlag(SweepContent.Simulation));
        populations = [.. plan.At(0).Model.Populations.Select(p => p.Name)];
        quantities = [.. PointJson.Quantities(new PopulationObservables { Population = "" }).Select(q => q.Name)];
        (string Name, bool IsNumber)[] before =
        [
            ("point", true),
            .. plan.Axes.Select(a => (Column(a), a.IsNumeric)),
            .. plan.Repetitions > 1 ? [("repetition", true)] : Array.Empty<(string, bool)>(),
            ("status", false), ("error", false), ("seconds", true), ("program", false),
            .. hasTheory ? [("theory_method", false), ("theory_status", false)] : Array.Empty<(string, bool)>(),
        ];
        (string, bool)[] all =
        [
            .. before,
            .. populations.SelectMany(p => (string[])
            [
                .. hasTheory ? quantities.Select(q => $"theory_{p}_{q}") : [],
                .. hasSimulation ? quantities.SelectMany(q => (string[])[$"sim_{p}_{q}", $"sim_{p}_{q}_sem"]) : [],
            ]).Select(n => (n, true)),
            .. hasSimulation ? [("sim_spikes", true), ("sim_spikes_sha256", false)] : Array.Empty<(string, bool)>(),
        ];
        header = [.. all.Select(c => c.Item1)];
        isNumber = [.. all.Select(c => c.Item2)];
    }

    /// <summary>Name of an axis' column.</summary>
    internal static string Column(SweepAxis axis) => axis.Unit.Length > 0 ? $"{axis.Path} [{axis.Unit}]" : axis.Path;

    /// <summary>The cells of a point's row.</summary>
    internal object[] Row(int index, SweepEntry entry)
    {
        (IReadOnlyList<int> at, int repetition) = plan.Place(index);
        var row = new List<object>(header.Length) { index + 1.0 };
        row.AddRange(plan.Axes.Select((a, i) => a.IsNumeric ? (object)a.Numbers[at[i]] : a.Values[at[i]]));
        if (plan.Repetitions > 1) row.Add(repetition + 1.0);
        JsonElement result = entry.Result ?? default, theory = Of(result, "theory"), simulation = Of(result, "simulation");
        row.AddRange([entry.Error.Length == 0 ? "done" : "failed", entry.Error, entry.Seconds, entry.Program]);
        if (hasTheory) row.AddRange([Word(theory, "method"), Word(theory, "status")]);
        foreach (string population in populations)
        {
            JsonElement predicted = Of(Of(theory, "populations"), population), measured = Of(Of(simulation, "populations"), population);
            if (hasTheory) row.AddRange(quantities.Select(q => (object)Number(predicted, q)));
            if (hasSimulation) row.AddRange(quantities.SelectMany(q => (object[])[Number(measured, q), Number(measured, $"{q}_sem")]));
        }

        if (hasSimulation) row.AddRange([Number(simulation, "spikes"), Word(simulation, "spikes_sha256")]);
        return [.. row];
    }

    /// <summary>The rows as CSV.</summary>
    internal string Csv(IEnumerable<object[]> rows)
    {
        var csv = new Csv(header);
        foreach (object[] row in rows) csv.Add(row);
        return csv.ToString();
    }

    /// <summary>Writes the rows as Parquet: numbers as doubles that may be missing, everything else as text.</summary>
    internal void WriteParquet(string file, IReadOnlyList<object[]> rows) => WriteParquetAsync(file, rows).GetAwaiter().GetResult();

    private async Task WriteParquetAsync(string file, IReadOnlyList<object[]> rows)
    {
        DataField[] fields = [.. header.Select((name, c) => new DataField(name, isNumber[c] ? typeof(double) : typeof(string), isNullable: true))];
        await using FileStream stream = File.Create(file);
        await using ParquetWriter writer = await ParquetWriter.CreateAsync(new ParquetSchema([.. fields.Cast<Field>()]), stream).ConfigureAwait(false);
        using ParquetRowGroupWriter group = writer.CreateRowGroup();
        for (int c = 0; c < fields.Length; c++)
        {
            if (isNumber[c])
            {
                double?[] column = [.. rows.Select(r => r[c] is double x && !double.IsNaN(x) ? x : (double?)null)];
                await group.WriteAsync<double>(fields[c], column).ConfigureAwait(false);
            }
            else
            {
                await group.WriteAsync(fields[c], [.. rows.Select(r => (string)r[c])]).ConfigureAwait(false);
            }
        }
    }

    private static JsonElement Of(JsonElement of, string name) =>
        of.ValueKind == JsonValueKind.Object && of.TryGetProperty(name, out JsonElement value) ? value : default;

    private static string Word(JsonElement of, string name) => Of(of, name) is { ValueKind: JsonValueKind.String } value ? value.GetString()! : "";

    private static double Number(JsonElement of, string name) => Of(of, name) is { ValueKind: JsonValueKind.Number } value ? value.GetDouble() : double.NaN;
}
