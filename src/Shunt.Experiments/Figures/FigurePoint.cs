using Shunt.Model;
using Shunt.Simulation;
using Shunt.Theory;

namespace Shunt.Experiments;

/// <summary>Everything a figure can draw of one population at one point, predicted or measured.</summary>
public sealed record FigurePopulation
{
    /// <summary>What theory and simulation have in common.</summary>
    public required PopulationObservables Observables { get; init; }

    /// <summary>Threshold theta (mV).</summary>
    public required double Threshold { get; init; }

    /// <summary>Membrane time constant at rest tau_L (s).</summary>
    public required double MembraneTimeConstant { get; init; }

    /// <summary>Mean excitatory in-degree K: of the first excitatory projection.</summary>
    public required double InDegree { get; init; }

    /// <summary>CV_K of the in-degrees of the first excitatory projection; 0 when they are all equal.</summary>
    public required double InDegreeCv { get; init; }

    /// <summary>Efficacy a of the first excitatory projection (mV for current-based synapses).</summary>
    public required double Efficacy { get; init; }

    /// <summary>Efficacy of the first inhibitory projection; NaN without one.</summary>
    public required double InhibitoryEfficacy { get; init; }

    /// <summary>Standard deviation of the free membrane (mV); NaN in a simulation.</summary>
    public double FreeSd { get; init; } = double.NaN;

    /// <summary>Correlation time of the free membrane tau_V (s); NaN in a simulation.</summary>
    public double CorrelationTime { get; init; } = double.NaN;

    /// <summary>tau_S/tau; in a simulation, with the longest tau_S and the measured tau.</summary>
    public double SynapticRatio { get; init; } = double.NaN;

    /// <summary>CV_K*; NaN when it was not asked for.</summary>
    public double CriticalCv { get; init; } = double.NaN;

    /// <summary>Gain rho = nu/nu_X of the strongly coupled network, the largest (Eqs. 20, D2, D9); NaN where there is none or it is no such network.</summary>
    public double Gain { get; init; } = double.NaN;

    /// <summary>First correction to the gain, rho_2 (D12); NaN where there is none.</summary>
    public double GainCorrection { get; init; } = double.NaN;

    /// <summary>Rate of each neuron (Hz); null for a theory.</summary>
    public IReadOnlyList<double>? NeuronRates { get; init; }

    /// <summary>CV of each neuron, NaN where unknown; null for a theory.</summary>
    public IReadOnlyList<double>? NeuronCvs { get; init; }

    /// <summary>Times of a voltage trace (s); null for a theory.</summary>
    public IReadOnlyList<double>? TraceTime { get; init; }

    /// <summary>Potentials at those times (mV).</summary>
    public IReadOnlyList<double>? TraceVoltage { get; init; }

    /// <summary>Times of the traced neuron's spikes (s).</summary>
    public IReadOnlyList<double>? TraceSpikes { get; init; }
}

/// <summary>One point of a sweep as one theory or the simulation gives it, one entry per population in the model's order.</summary>
/// <param name="Populations">The entries.</param>
public sealed record FigurePoint(IReadOnlyList<FigurePopulation> Populations)
{
    /// <summary>How a figure file calls what was simulated.</summary>
    public const string Simulation = "simulation";

    /// <summary>What a theory gives.</summary>
    /// <param name="experiment">The point.</param>
    /// <param name="method">Name of the theory.</param>
    /// <param name="hasCriticalCv">Whether to look for CV_K*.</param>
    /// <exception cref="ModelException">The theory does not apply.</exception>
    public static FigurePoint Predicted(Experiment experiment, string method, bool hasCriticalCv)
    {
        MeanFieldSolution solution = PointRunner.Predict(experiment with { TheoryMethod = method });
        (double gain, double correction) = GainOf(experiment.Model, TransferFunctions.Named(method));
        double criticalCv = hasCriticalCv ? CriticalHeterogeneity.Find(experiment.Model, TransferFunctions.Named(method)).Cv : double.NaN;
        return new([.. experiment.Model.Populations.Select((p, i) => Of(experiment, p, solution.Observables[p.Name]) with
        {
            FreeSd = i < solution.Regimes.Count ? solution.Regimes[i].FreeMembraneSd : double.NaN,
            CorrelationTime = i < solution.Regimes.Count ? solution.Regimes[i].CorrelationTime : double.NaN,
            SynapticRatio = i < solution.Regimes.Count ? solution.Regimes[i].SynapticTimeRatio : double.NaN,
            CriticalCv = criticalCv,
            Gain = gain,
            GainCorrection = correction,
        })]);
    }

    /// <summary>What the simulation gives.</summary>
    /// <param name="experiment">The point.</param>
    /// <param name="progress">Told how far it is, from 0 to 1, from any thread.</param>
    /// <param name="cancellation">Stops it.</param>
    /// <exception cref="WiringException">It cannot be wired.</exception>
    /// <exception cref="SimulationException">It went wrong.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static FigurePoint Simulated(Experiment experiment, Action<double> progress, CancellationToken cancellation)
    {
        SimulationRecord record = PointRunner.Simulate(
            experiment, null, p => progress(p.Stage == RunStage.Simulation ? p.Fraction : 0), cancellation).Record;
        if (!record.Complete) throw new OperationCanceledException(cancellation);
        return new([.. experiment.Model.Populations.Zip(record.Populations, (p, r) => Of(experiment, p, record.Observables[p.Name]) with
        {
            SynapticRatio = experiment.Model.Onto(p.Name).Max(j => j.Synapse.TimeConstant) / record.Observables[p.Name].Tau.Value,
            NeuronRates = r.NeuronRates,
            NeuronCvs = r.NeuronCvs,
            TraceTime = r.Traces.Count > 0 ? r.Traces[0].Time : null,
            TraceVoltage = r.Traces.Count > 0 ? r.Traces[0].Voltage : null,
            TraceSpikes = r.Traces.Count > 0 ? r.Traces[0].Spikes : null,
        })]);
    }

    // all populations alike: one excitatory input from outside, one from within and one inhibitory, with conductances
    private static (double Gain, double Correction) GainOf(NetworkModel model, TransferFunction transfer)
    {
        Projection[] onto = [.. model.Onto(model.Populations[0].Name)];
        Projection? outer = onto.FirstOrDefault(p => model.FindInput(p.Source) is not null), inner = onto.FirstOrDefault(p => p != outer && p.Synapse.Reversal == outer?.Synapse.Reversal),
            inhibitory = onto.FirstOrDefault(p => p != outer && p != inner);
        if (onto.Length != 3 || outer is null || inner is null || inhibitory is null || onto.Any(p => p.Synapse.Model != SynapseModel.Conductance)) return (double.NaN, double.NaN);
        double a = outer.Synapse.Efficacy, k = model.MeanInDegree(outer);
        var coupling = new StrongCoupling
        {
            Threshold = model.Populations[0].Neuron.Threshold,
            ExcitatoryReversal = outer.Synapse.Reversal,
            InhibitoryReversal = inhibitory.Synapse.Reversal,
            G = inhibitory.Synapse.Efficacy / a,
            Gamma = model.MeanInDegree(inhibitory) / k,
            ExcitatoryRatio = 1,
            InhibitoryRatio = 0,
            Noise = transfer is MultiplicativeNoise or MultiplicativeSmallNoise ? NoiseForm.Multiplicative : NoiseForm.Additive,
        };
        return NetworkGain.Solve(coupling, a, k) is [.., var rho] ? (rho, NetworkGain.Correction(coupling, a, k, rho)) : (double.NaN, double.NaN);
    }

    private static FigurePopulation Of(Experiment experiment, Population population, PopulationObservables observables)
    {
        NetworkModel model = experiment.Model;
        Projection[] onto = [.. model.Onto(population.Name)];
        double middle = 0.5 * (population.Neuron.Threshold + population.Neuron.Reset);
        Projection? excitatory = onto.FirstOrDefault(IsExcitatory), inhibitory = onto.FirstOrDefault(p => !IsExcitatory(p));
        return new FigurePopulation
        {
            Observables = observables,
            Threshold = population.Neuron.Threshold,
            MembraneTimeConstant = population.Neuron.MembraneTimeConstant,
            InDegree = excitatory is null ? double.NaN : model.MeanInDegree(excitatory),
            InDegreeCv = excitatory is null ? double.NaN : excitatory.InDegree.StandardDeviation(model.SourceSize(excitatory)) / model.MeanInDegree(excitatory),
            Efficacy = excitatory?.Synapse.Efficacy ?? double.NaN,
            InhibitoryEfficacy = Math.Abs(inhibitory?.Synapse.Efficacy ?? double.NaN),
        };

        bool IsExcitatory(Projection p) => p.Synapse.Model == SynapseModel.Conductance ? p.Synapse.Reversal > middle : p.Synapse.Efficacy > 0;
    }
}

/// <summary>Points of a series, in the units of the panel's axes.</summary>
/// <param name="X">Horizontal coordinates.</param>
/// <param name="Y">Vertical coordinates; NaN where nothing is known.</param>
/// <param name="Error">Standard error of each y, 0 where there is none.</param>
public sealed record SeriesPoints(IReadOnlyList<double> X, IReadOnlyList<double> Y, IReadOnlyList<double> Error)
{
    /// <summary>Nothing.</summary>
    public static SeriesPoints None { get; } = new([], [], []);

    /// <summary>Where spikes are drawn, for a trace.</summary>
    public IReadOnlyList<double> Spikes { get; init; } = [];
}
