using System.Text.Json;
using Shunt.Theory;

namespace Shunt.Experiments;

/// <summary>A fit of PSP amplitudes as JSON and as tables.</summary>
public static class PspFitTables
{
    private const int CurvePoints = 60;

    /// <summary>K at which curves are drawn: from half the smallest to twice the largest of the data, evenly in ln K.</summary>
    /// <param name="fit">The fit.</param>
    public static IReadOnlyList<double> InDegrees(PspFit fit)
    {
        double from = fit.Points.Min(p => p.InDegree) / 2, to = 2 * fit.Points.Max(p => p.InDegree);
        return [.. Enumerable.Range(0, CurvePoints).Select(i => from * Math.Pow(to / from, i / (CurvePoints - 1.0)))];
    }

    /// <summary>One object on one line; names carry units, what is not a finite number is null.</summary>
    /// <param name="fit">The fit.</param>
    /// <param name="file">Name of the data file.</param>
    public static string Json(PspFit fit, string file) => PointJson.Text(
        w =>
        {
            w.WriteStartObject();
            w.WriteString("file", file);
            w.WriteNumber("epsp_points", fit.Points.Count(p => p.Kind == PspKind.Excitatory));
            w.WriteNumber("ipsp_points", fit.Points.Count(p => p.Kind == PspKind.Inhibitory));
            w.WriteString("scatter", Scatter(fit));
            w.WriteNumber("epsp_per_efficacy_mv", fit.Settings.EpspPerEfficacy);
            w.WriteNumber("ipsp_per_efficacy_mv", fit.Settings.IpspPerEfficacy);
            w.WriteNumber("resamples", fit.Settings.Resamples);
            w.WriteNumber("seed", fit.Settings.Seed);
            w.WriteStartObject("laws");
            foreach (FittedPspLaw law in fit.Laws)
            {
                w.WriteStartObject(law.Name);
                w.WriteStartObject("parameters");
                foreach (FittedParameter p in law.Parameters)
                {
                    w.WriteStartObject(p.Name);
                    Number(w, "estimate", p.Value);
                    Number(w, "ci95_low", p.Low);
                    Number(w, "ci95_high", p.High);
                    w.WriteBoolean("derived", p.IsDerived);
                    w.WriteEndObject();
                }

                w.WriteEndObject();
                w.WriteNumber("free_parameters", law.FreeParameters);
                foreach ((string name, double value) in Comparison(law)) Number(w, name, value);
                w.WriteStartArray("warnings");
                foreach (string warning in law.Warnings) w.WriteStringValue(warning);
                w.WriteEndArray();
                w.WriteEndObject();
            }

            w.WriteEndObject();
            w.WriteString("verdict", fit.Verdict);
            w.WriteString("verdict_conductance_1", fit.VerdictOnOne);
            w.WriteEndObject();
        },
        indented: false);

    /// <summary>Parameters and comparison as CSV, a row each.</summary>
    /// <param name="fit">The fit.</param>
    public static string Parameters(PspFit fit)
    {
        var csv = new Csv(["law", "quantity", "estimate", "ci95_low", "ci95_high"]);
        foreach (FittedPspLaw law in fit.Laws)
        {
            foreach (FittedParameter p in law.Parameters) csv.Add([law.Name, p.Name, p.Value, p.Low, p.High]);
            csv.Add([law.Name, "free_parameters", law.FreeParameters, double.NaN, double.NaN]);
            foreach ((string name, double value) in Comparison(law)) csv.Add([law.Name, name, value, double.NaN, double.NaN]);
        }

        return csv.ToString();
    }

    /// <summary>Fitted curves with their intervals as CSV.</summary>
    /// <param name="fit">The fit.</param>
    public static string Curves(PspFit fit)
    {
        var csv = new Csv(["law", "kind", "K", "amplitude_mv", "ci95_low_mv", "ci95_high_mv"]);
        foreach (FittedPspLaw law in fit.Laws)
        {
            foreach (PspKind kind in Enum.GetValues<PspKind>())
            {
                foreach (double k in InDegrees(fit))
                {
                    (double low, double high) = law.Band(kind, k);
                    csv.Add([law.Name, PspFile.Name(kind), k, law.Law.Amplitude(kind, k), low, high]);
                }
            }
        }

        return csv.ToString();
    }

    /// <summary>Who made the fit, as <c>provenance.json</c> has it.</summary>
    /// <param name="fit">The fit.</param>
    /// <param name="file">Name of the data file.</param>
    /// <param name="command">The command as it was typed.</param>
    /// <param name="date">When.</param>
    public static string ProvenanceJson(PspFit fit, string file, string command, DateTimeOffset date) => Provenance.Json(
    [
        new("program", Provenance.Program), new("command", command), new("date_utc", Provenance.Utc(date)), new("data", file),
        new("scatter", Scatter(fit)), new("resamples", FormattableString.Invariant($"{fit.Settings.Resamples}")),
        new("seed", FormattableString.Invariant($"{fit.Settings.Seed}")),
    ]);

    /// <summary>How results spell the kind of scatter.</summary>
    private static string Scatter(PspFit fit) => JsonNamingPolicy.SnakeCaseLower.ConvertName(fit.Settings.Scatter.ToString());

    private static (string Name, double Value)[] Comparison(FittedPspLaw law) =>
    [
        ("rms_log", law.RmsLog), ("rms_mv", law.Rms), ("aic", law.Aic), ("aicc", law.AicCorrected), ("bic", law.Bic),
        ("delta_aicc", law.Delta), ("akaike_weight", law.Weight),
    ];

    private static void Number(Utf8JsonWriter w, string name, double value)
    {
        if (double.IsFinite(value)) w.WriteNumber(name, value);
        else w.WriteNull(name);
    }
}
