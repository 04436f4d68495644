using System.Numerics;
using System.Text.Json;
using Shunt.Model;
using Shunt.Simulation;
using Shunt.Theory;

namespace Shunt.Experiments;

/// <summary>Whether a network's asynchronous state is stable, how its neurons respond, and the spectrum of its population rates.</summary>
public sealed record AsynchronousReport
{
    private const int Frequencies = 200;

    /// <summary>The network.</summary>
    public required Experiment Experiment { get; init; }

    /// <summary>The stationary state: the fixed point that was analysed is the reported one.</summary>
    public required MeanFieldSolution Stationary { get; init; }

    /// <summary>Its modes.</summary>
    public required Stability Stability { get; init; }

    /// <summary>Frequencies (Hz) of responses and spectra, increasing.</summary>
    public required IReadOnlyList<double> Frequency { get; init; }

    /// <summary>Two-sided power spectrum (spk/s) of each population's rate at every frequency; meaningful where the state is stable.</summary>
    public required IReadOnlyList<IReadOnlyList<double>> Spectra { get; init; }

    /// <summary>
    /// Response of a population to each projection that ends on it at every frequency, K chi/(1 + i omega tau_S), dimensionless, without the delay; 0 when
    /// its neurons never fire.
    /// </summary>
    public required IReadOnlyList<(Projection Projection, IReadOnlyList<Complex> Gain)> Responses { get; init; }

    /// <summary>Measured spectrum of each population's rate, in the model's order; empty when nothing was simulated, null where a run is too short.</summary>
    public IReadOnlyList<RateSpectrum?> Measured { get; init; } = [];

    /// <summary>Analyses a network.</summary>
    /// <param name="experiment">The network. With <c>theory.method: multiplicative-ito</c> the noise depends on V, else it is that of siegert.</param>
    /// <param name="highestFrequency">Highest frequency (Hz).</param>
    /// <exception cref="ModelException">The theory does not apply, or there is no stationary state.</exception>
    public static AsynchronousReport Of(Experiment experiment, double highestFrequency = 1000)
    {
        bool ito = experiment.TheoryMethod == "multiplicative-ito";
        NetworkModel model = CriticalHeterogeneity.WithCv(experiment.Model, 0);
        MeanFieldSolution stationary = SelfConsistency.Solve(model, TransferFunctions.Named(ito ? "multiplicative-ito" : "siegert"));
        if (stationary.Status == SolutionStatus.NotConverged) throw new ModelException("theory.method", stationary.Message);
        var state = new AsynchronousState(
            model, [.. stationary.Observables.Populations.Select(p => p.Rate.Value)], ito ? MembraneNoise.Ito : MembraneNoise.AtMean);
        double lowest = Math.Min(1, highestFrequency / 10);
        double[] frequency = [.. Enumerable.Range(0, Frequencies).Select(i => lowest * Math.Pow(highestFrequency / lowest, i / (Frequencies - 1.0)))];
        double[][] spectra = [.. frequency.Select(state.PopulationSpectrum)];
        return new AsynchronousReport
        {
            Experiment = experiment,
            Stationary = stationary,
            Stability = Stability.Of(state),
            Frequency = frequency,
            Spectra = [.. model.Populations.Select((_, p) => (IReadOnlyList<double>)[.. spectra.Select(s => s[p])])],
            Responses =
            [
                .. model.Projections.Select(j =>
                    (j, (IReadOnlyList<Complex>)[.. frequency.Select(f => state.Gain(new Complex(0, 2 * Math.PI * f), j))])),
            ],
        };
    }

    /// <summary>The same with the spectra that a simulation has measured.</summary>
    /// <param name="record">The simulation of the same network.</param>
    public AsynchronousReport With(SimulationRecord record) =>
        this with { Measured = [.. record.Populations.Select(p => RateSpectrum.Of(p.RateSeries, record.RateBin))] };

    /// <summary>The report as one line of JSON, names with units.</summary>
    public string Json() => PointJson.Text(
        w =>
        {
            w.WriteStartObject();
            w.WriteString("name", Experiment.Name);
            w.WriteStartObject("set");
            foreach ((string path, string value) in Experiment.Set) w.WriteString(path, value);
            w.WriteEndObject();
            w.WriteString("message", Stability.Message);
            if (Stability.GrowingModes < 0) w.WriteNull("stable");
            else w.WriteBoolean("stable", Stability.IsStable);
            w.WriteNumber("growing_modes", Stability.GrowingModes);
            w.WriteStartArray("modes");
            foreach (NetworkMode mode in Stability.Modes)
            {
                w.WriteStartObject();
                w.WriteNumber("growth_rate_per_s", mode.GrowthRate);
                w.WriteNumber("frequency_hz", mode.Frequency);
                w.WriteBoolean("collective", mode.IsCollective);
                w.WriteEndObject();
            }

            w.WriteEndArray();
            w.WriteStartObject("populations");
            for (int p = 0; p < Spectra.Count; p++)
            {
                PopulationObservables population = Stationary.Observables.Populations[p];
                w.WriteStartObject(population.Population);
                w.WriteNumber("rate_hz", population.Rate.Value);
                Numbers(w, "spectrum_spk_per_s", Spectra[p]);
                if (p < Measured.Count && Measured[p] is { } measured)
                {
                    Numbers(w, "measured_frequency_hz", measured.Frequency);
                    Numbers(w, "measured_spectrum_spk_per_s", measured.Value);
                    Numbers(w, "measured_spectrum_spk_per_s_sem", measured.StandardError);
                }

                w.WriteEndObject();
            }

            w.WriteEndObject();
            Numbers(w, "frequency_hz", Frequency);
            w.WriteEndObject();
        },
        indented: false);

    /// <summary>Modes as CSV.</summary>
    public string Modes()
    {
        var csv = new Csv(["growth_rate_per_s", "frequency_hz", "collective"]);
        foreach (NetworkMode mode in Stability.Modes) csv.Add([mode.GrowthRate, mode.Frequency, mode.IsCollective ? "yes" : "no"]);
        return csv.ToString();
    }

    /// <summary>Predicted and measured spectra as CSV.</summary>
    public string SpectrumTable()
    {
        var csv = new Csv(["population", "source", "frequency_hz", "spectrum_spk_per_s", "spectrum_spk_per_s_sem"]);
        for (int p = 0; p < Spectra.Count; p++)
        {
            string name = Stationary.Observables.Populations[p].Population;
            for (int i = 0; i < Frequency.Count; i++) csv.Add([name, "theory", Frequency[i], Spectra[p][i], 0.0]);
            if (p >= Measured.Count || Measured[p] is not { } measured) continue;
            for (int i = 0; i < measured.Frequency.Count; i++)
                csv.Add([name, "simulation", measured.Frequency[i], measured.Value[i], measured.StandardError[i]]);
        }

        return csv.ToString();
    }

    /// <summary>Responses as CSV.</summary>
    public string ResponseTable()
    {
        var csv = new Csv(["source", "target", "frequency_hz", "gain", "phase_deg"]);
        foreach ((Projection projection, IReadOnlyList<Complex> gain) in Responses)
        {
            for (int i = 0; i < Frequency.Count; i++)
                csv.Add([projection.Source, projection.Target, Frequency[i], gain[i].Magnitude, gain[i].Phase * 180 / Math.PI]);
        }

        return csv.ToString();
    }

    private static void Numbers(Utf8JsonWriter w, string name, IReadOnlyList<double> values)
    {
        w.WriteStartArray(name);
        foreach (double value in values)
        {
            if (double.IsFinite(value)) w.WriteNumberValue(value);
            else w.WriteNullValue();
        }

        w.WriteEndArray();
    }
}
