using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Shunt.Model;
using Shunt.Simulation;
using Shunt.Theory;

namespace Shunt.Experiments;

/// <summary>A point as JSON: the object of <c>--json</c> and of <c>summary.json</c>. Names carry units; a number that is not known is null.</summary>
public static class PointJson
{
    /// <summary>One point as one line, for <c>--json</c>.</summary>
    /// <param name="point">The point.</param>
    public static string Write(PointResult point) => Text(w => Write(w, point), indented: false);

    /// <summary>Content of <c>summary.json</c>: the point, or an array of the points of a sweep.</summary>
    /// <param name="run">The run.</param>
    public static string Summary(RunResult run)
    {
        return Text(
            w =>
            {
                if (run.Axes.Count == 0)
                {
                    Write(w, run.Points[0]);
                    return;
                }

                w.WriteStartArray();
                foreach (PointResult point in run.Points) Write(w, point);
                w.WriteEndArray();
            },
            indented: true) + "\n";
    }

    /// <summary>How results spell a status: <c>not_converged</c>.</summary>
    internal static string Word(SolutionStatus status) => JsonNamingPolicy.SnakeCaseLower.ConvertName(status.ToString());

    internal static string Word(TableRow row) => JsonNamingPolicy.SnakeCaseLower.ConvertName(row.ToString());

    internal static string Text(Action<Utf8JsonWriter> write, bool indented)
    {
        var buffer = new ArrayBufferWriter<byte>();
        // Output is a file or a terminal, never HTML: a '<' or '>' in a title stays itself.
        var options = new JsonWriterOptions { Indented = indented, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var writer = new Utf8JsonWriter(buffer, options)) write(writer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter w, PointResult point)
    {
        w.WriteStartObject();
        w.WriteString("name", point.Experiment.Name);
        w.WriteStartObject("set");
        foreach ((string path, string value) in point.Experiment.Set) w.WriteString(path, value);
        w.WriteEndObject();
        if (point.Theory is { } theory) Write(w, theory);
        if (point.Simulation is { } simulation) Write(w, simulation, point.Performance);
        w.WriteStartArray("comparison");
        foreach (ComparisonRow row in Comparison.Of(point)) Write(w, row);
        w.WriteEndArray();
        w.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter w, MeanFieldSolution theory)
    {
        w.WriteStartObject("theory");
        w.WriteString("method", theory.Method);
        w.WriteString("status", Word(theory.Status));
        w.WriteString("message", theory.Message);
        w.WriteStartObject("populations");
        foreach (PopulationObservables p in theory.Observables.Populations)
        {
            w.WriteStartObject(p.Population);
            Write(w, p, withErrors: false);
            w.WriteEndObject();
        }

        w.WriteEndObject();
        w.WriteStartObject("regimes");
        foreach (Regime r in theory.Regimes)
        {
            w.WriteStartObject(r.Population);
            w.WriteString("table_row", Word(r.Row));
            Number(w, "tau_syn_over_tau", r.SynapticTimeRatio);
            Number(w, "tau_ms", r.Tau * 1e3);
            Number(w, "threshold_distance_mV", r.ThresholdDistance);
            Number(w, "sd_free_v_mV", r.FreeMembraneSd);
            Number(w, "tau_v_ms", r.CorrelationTime * 1e3);
            Number(w, "cv_isi", r.CvIsi);
            Number(w, "critical_in_degree_cv", r.CriticalInDegreeCv);
            Number(w, "input_limit_factor", r.InputLimit);
            w.WriteBoolean("input_is_unlimited", double.IsPositiveInfinity(r.InputLimit));
            w.WriteEndObject();
        }

        w.WriteEndObject();
        w.WriteStartArray("fixed_points");
        foreach (FixedPoint f in theory.FixedPoints)
        {
            w.WriteStartObject();
            w.WriteStartObject("rates_hz");
            for (int i = 0; i < f.Rates.Count; i++) Number(w, theory.Observables.Populations[i].Population, f.Rates[i]);
            w.WriteEndObject();
            w.WriteBoolean("stable", f.IsStable);
            Number(w, "leading_eigenvalue", f.LeadingEigenvalue);
            Number(w, "residual", f.Residual);
            w.WriteEndObject();
        }

        w.WriteEndArray();
        Strings(w, "warnings", theory.Warnings);
        w.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter w, SimulationRecord simulation, Performance? performance)
    {
        w.WriteStartObject("simulation");
        w.WriteBoolean("complete", simulation.Complete);
        Number(w, "warmup_s", simulation.Start);
        Number(w, "duration_s", simulation.Duration);
        w.WriteStartObject("populations");
        foreach (PopulationObservables p in simulation.Observables.Populations)
        {
            w.WriteStartObject(p.Population);
            Write(w, p, withErrors: true);
            if (simulation.Populations.FirstOrDefault(r => r.Population == p.Population) is { } record)
            {
                Number(w, "count_fano_factor", record.CountFanoFactor);
                Number(w, "voltage_synchrony", record.VoltageSynchrony);
            }

            w.WriteEndObject();
        }

        w.WriteEndObject();
        w.WriteNumber("spikes", simulation.Spikes);
        w.WriteString("spikes_sha256", simulation.SpikesSha256);
        SimulationCounters counters = simulation.Counters;
        w.WriteStartObject("performance");
        Number(w, "build_s", performance?.BuildSeconds ?? double.NaN);
        Number(w, "sim_s", performance?.SimulationSeconds ?? double.NaN);
        Number(w, "sim_cpu_s", performance?.SimulationCpuSeconds ?? double.NaN);
        w.WriteNumber("steps", counters.Steps);
        w.WriteNumber("neuron_updates", counters.NeuronUpdates);
        w.WriteNumber("synaptic_events", counters.SynapticEvents);
        w.WriteNumber("input_events", counters.InputEvents);
        w.WriteNumber("synapses", counters.Synapses);
        Number(w, "bytes_per_synapse", counters.BytesPerSynapse);
        Number(w, "peak_rss_mb", performance?.PeakResidentMegabytes ?? double.NaN);
        Number(w, "realtime_factor", performance?.RealTimeFactor ?? double.NaN);
        if (counters.Exchange is { } exchange) Write(w, exchange);
        w.WriteEndObject();
        Strings(w, "warnings", simulation.Warnings);
        w.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter w, ExchangeCounters exchange)
    {
        w.WriteStartObject("exchange");
        w.WriteNumber("ranks", exchange.Ranks);
        w.WriteNumber("exchanges", exchange.Exchanges);
        w.WriteNumber("bytes_sent", exchange.BytesSent);
        w.WriteNumber("bytes_received", exchange.BytesReceived);
        Number(w, "wait_s", exchange.WaitSeconds);
        Number(w, "transfer_s", exchange.TransferSeconds);
        Number(w, "coding_s", exchange.CodingSeconds);
        w.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter w, PopulationObservables p, bool withErrors)
    {
        foreach ((string name, Estimate estimate, double scale) in Quantities(p))
        {
            Number(w, name, estimate.Value * scale);
            if (withErrors) Number(w, $"{name}_sem", estimate.StandardError * scale);
        }
    }

    /// <summary>The observables of a population under the names that results use, with the factor from internal units.</summary>
    internal static IEnumerable<(string Name, Estimate Estimate, double Scale)> Quantities(PopulationObservables p) =>
    [
        ("rate_hz", p.Rate, 1),
        ("rate_sd_hz", p.RateSd, 1),
        ("cv_isi", p.CvIsi, 1),
        ("mean_v_mV", p.MeanV, 1),
        ("sd_v_mV", p.SdV, 1),
        ("tau_ms", p.Tau, 1e3),
        ("mu_mV", p.Mu, 1),
        ("sigma_mV", p.Sigma, 1),
        ("quiescent_fraction", p.QuiescentFraction, 1),
    ];

    private static void Write(Utf8JsonWriter w, ComparisonRow row)
    {
        w.WriteStartObject();
        w.WriteString("population", row.Population);
        w.WriteString("quantity", row.Quantity);
        w.WriteString("symbol", row.Symbol);
        w.WriteString("unit", row.Unit);
        Number(w, "theory", row.Theory);
        Number(w, "simulation", row.Simulation);
        Number(w, "standard_error", row.StandardError);
        Number(w, "difference_percent", row.DifferencePercent);
        Number(w, "difference_in_standard_errors", row.DifferenceInStandardErrors);
        w.WriteEndObject();
    }

    private static void Strings(Utf8JsonWriter w, string name, IReadOnlyList<string> values)
    {
        w.WriteStartArray(name);
        foreach (string value in values) w.WriteStringValue(value);
        w.WriteEndArray();
    }

    private static void Number(Utf8JsonWriter w, string name, double value)
    {
        if (double.IsFinite(value)) w.WriteNumber(name, value);
        else w.WriteNull(name);
    }
}
