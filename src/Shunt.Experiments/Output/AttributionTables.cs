using System.Text.Json;
using Shunt.Model;

namespace Shunt.Experiments;

/// <summary>An attribution as files: one line of JSON, or a table.</summary>
public static class AttributionTables
{
    /// <summary>One point as one line of JSON, names with units.</summary>
    /// <param name="attribution">The attribution.</param>
    public static string Json(Attribution attribution) => PointJson.Text(
        w =>
        {
            w.WriteStartObject();
            w.WriteString("name", attribution.Experiment.Name);
            w.WriteStartObject("set");
            foreach ((string path, string value) in attribution.Experiment.Set) w.WriteString(path, value);
            w.WriteEndObject();
            w.WriteStartArray("steps");
            foreach (AttributionStep step in attribution.Steps)
            {
                w.WriteStartObject();
                w.WriteString("name", step.Name);
                w.WriteString("how", step.How);
                w.WriteString("cause", step.Cause);
                w.WriteStartObject("populations");
                for (int p = 0; p < step.Rates.Count; p++)
                {
                    w.WriteStartObject(attribution.Experiment.Model.Populations[p].Name);
                    Write(w, "rate_hz", step.Rates[p]);
                    Write(w, "change_hz", step.Changes[p]);
                    w.WriteEndObject();
                }

                w.WriteEndObject();
                w.WriteEndObject();
            }

            w.WriteEndArray();
            w.WriteStartArray("warnings");
            foreach (string warning in attribution.Warnings) w.WriteStringValue(warning);
            w.WriteEndArray();
            w.WriteEndObject();
        },
        indented: false);

    /// <summary>All points as CSV, one row per point, population and step.</summary>
    /// <param name="points">The points.</param>
    public static string Table(IReadOnlyList<Attribution> points)
    {
        string[] paths = [.. points.SelectMany(p => p.Experiment.Set.Select(s => s.Key)).Distinct()];
        var csv = new Csv([.. paths, "population", "step", "cause", "rate_hz", "rate_hz_sem", "change_hz", "change_hz_sem"]);
        foreach (Attribution point in points)
        {
            object[] set = [.. paths.Select(path => (object)(point.Experiment.Set.FirstOrDefault(s => s.Key == path).Value ?? ""))];
            for (int p = 0; p < point.Experiment.Model.Populations.Count; p++)
            {
                foreach (AttributionStep step in point.Steps)
                {
                    csv.Add([
                        .. set, point.Experiment.Model.Populations[p].Name, step.Name, step.Cause, step.Rates[p].Value, step.Rates[p].StandardError,
                        step.Changes[p].Value, step.Changes[p].StandardError]);
                }
            }
        }

        return csv.ToString();
    }

    private static void Write(Utf8JsonWriter w, string name, Estimate estimate)
    {
        Number(w, name, estimate.Value);
        Number(w, $"{name}_sem", estimate.StandardError);
    }

    private static void Number(Utf8JsonWriter w, string name, double value)
    {
        if (double.IsFinite(value)) w.WriteNumber(name, value);
        else w.WriteNull(name);
    }
}
