using System.Globalization;
using System.Text;
using Shunt.Experiments;

namespace Shunt.Tests.Simulation;

/// <summary>
/// Networks of all kinds that a file can describe, small and firing: a few populations, conductances or currents, instantaneous or not, private
/// input or pools, constant, spread
/// and no delays, fixed, Gaussian and binomial in-degrees, multapses and autapses. A number names each.
/// </summary>
internal static class RandomNetwork
{
    internal static string Yaml(int number)
    {
        var random = new Random(number);
        bool Chance(double p) => random.NextDouble() < p;
        bool conductance = Chance(0.6);
        int[] sizes = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(1, 260))];
        var yaml = new StringBuilder();
        void Line(FormattableString line) => yaml.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
        Line($"name: random network {number}");
        Line($"neuron: {{t_ref: {random.Next(1, 5) * 0.5} ms, V_th: {(Chance(0.1) ? "-54.3" : "-55")} mV}}");
        Line($"synapses: {{model: {(conductance ? "conductance" : "current")}}}");
        Line($"populations:");
        for (int p = 0; p < sizes.Length; p++) Line($"  P{p}: {{size: {sizes[p]}}}");
        bool pool = Chance(0.4);
        Line($"inputs: {{X: {{rate: {random.Next(180, 260)} Hz, {(pool ? "wiring: pool, size: 200" : "wiring: independent")}}}}}");
        Line($"projections:");
        for (int p = 0; p < sizes.Length; p++)
        {
            Line($"  - {{from: X, to: P{p}, type: ex, K: {random.Next(30, 60)}, {Strength(1)}, {InDegree()},");
            Line($"     multapses: {Flag(pool ? 0.3 : 0)}}}");
        }

        for (int n = random.Next(0, 5); n > 0; n--)
        {
            int from = random.Next(sizes.Length), to = random.Next(sizes.Length), most = from == to ? sizes[from] - 1 : sizes[from];
            if (most < 1) continue;
            string kind = Chance(0.6) ? "ex" : "in";
            string degree = Chance(0.2)
                ? $"p: {Text(random.NextDouble() * 0.06)}"
                : $"K: {random.Next(0, (Math.Min(most, 45) / 3) + 1)}, {InDegree()}";
            string delay = random.Next(4) switch
            {
                0 => "none",
                1 => $"{Text(0.1 * random.Next(1, 90))} ms",
                2 => $"0..{Text(0.1 * random.Next(1, 60))} ms",
                _ => $"{Text(0.1 * random.Next(1, 20))}..{Text(0.1 * random.Next(30, 80))} ms",
            };
            Line($"  - {{from: P{from}, to: P{to}, type: {kind}, {degree}, {Strength(kind == "in" ? 2 : 1)},");
            Line($"     delay: {delay}, multapses: {Flag(0.3)}, autapses: {Flag(0.3)}}}");
        }

        Line($"simulation: {{dt: 0.1 ms, warmup: {random.Next(0, 30)} ms, duration: {random.Next(40, 90)} ms,");
        Line($"             seed: {random.Next()}, stop_above: inf Hz}}");
        Line($"record: {{sample_interval: {random.Next(1, 12) * 0.1:F1} ms, trace_duration: 0.03 s, raster_duration: 0.05 s}}");
        return yaml.ToString();

        string Text(double x) => x.ToString("F3", CultureInfo.InvariantCulture);
        string InDegree() => Chance(0.3) ? "in_degree_cv: 0.2" : "in_degree_cv: 0";
        string Flag(double p) => Chance(p) ? "true" : "false";
        string Strength(double factor) => (conductance
                ? $"a: {Text(factor * (0.012 + (0.01 * random.NextDouble())))}"
                : $"J: {Text(factor * (0.15 + (0.1 * random.NextDouble())))} mV")
            + (Chance(0.4) ? $", tau_syn: {Text(0.5 + (4 * random.NextDouble()))} ms" : "");
    }

    internal static Experiment Of(int number) => ExperimentFile.Parse(Yaml(number), $"network {number}").Bind();
}
