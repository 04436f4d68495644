using Shunt.Model;
using static System.FormattableString;

namespace Shunt.Theory;

/// <summary>
/// Synapses with a time constant, without a limit: the two-dimensional problem (24, G8) solved numerically for any tau_S/tau, threshold below or above
/// mu, z running on through the refractory period. Rate, CV, P(V), mean and SD of V are those of the spiking neuron. See
/// <see cref="ErrorEstimate"/>.
/// </summary>
public sealed class ColouredNoise : FilteredNoise
{
    private static readonly ColouredPassage.Resolution Standard = new(1.2, 1.5, 5), Coarse = new(0.9, 1.0, 4);

    // below this tau_S/tau the first correction to white noise, of order sqrt(tau_S/tau), leaves an error of the order of tau_S/tau
    private const double ShortestSolved = 1e-5;

    /// <inheritdoc/>
    public override string Name => "coloured-noise";

    /// <inheritdoc/>
    public override double Precision => 1e-3;

    /// <summary>
    /// How much ln T changes on a coarser grid: an upper estimate of the relative error of the rate. Beyond the barrier up to which the equations are
    /// solved (T above e^25 tau) the law of rare crossings is carried on, which adds 0.01 at most (measured up to T = e^72 tau).
    /// </summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="afferents">Everything it receives.</param>
    public static double ErrorEstimate(Neuron neuron, ReadOnlySpan<Afferent> afferents)
    {
        InputMoments input = InputMoments.Of(neuron, afferents);
        if (!IsSolved(neuron, input)) return 0;
        return Math.Abs(Problem(neuron, input).LogMean(Coarse) - Problem(neuron, input).LogMean(Standard));
    }

    /// <inheritdoc/>
    public override double[]? Density(Neuron neuron, ReadOnlySpan<Afferent> afferents, ReadOnlySpan<double> potentials)
    {
        InputMoments input = InputMoments.Of(neuron, afferents);
        if (!IsSolved(neuron, input))
        {
            return input.SynapticRatio < ShortestSolved ? Siegert.Density(neuron, input, potentials) : base.Density(neuron, afferents, potentials);
        }

        Passage problem = Problem(neuron, input);
        if (problem.IsRare) return base.Density(neuron, afferents, potentials);
        ColouredPassage passage = problem.Solve(Standard);
        double active = 1 / (1 + neuron.RefractoryPeriod / (input.Tau * passage.Mean));
        ColouredPassage.VoltageDensity solution = passage.Density();
        var density = new double[potentials.Length];
        for (int i = 0; i < density.Length; i++) density[i] = active / input.Sigma * solution.At(input.Scaled(potentials[i]));
        return density;
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Warnings(Neuron neuron, ReadOnlySpan<Afferent> afferents)
    {
        IReadOnlyList<string> general = base.Warnings(neuron, afferents);
        double error = ErrorEstimate(neuron, afferents);
        return error > 0.01 ? [.. general, Invariant($"{Name}: two grids differ by {error:P1} in the time between spikes")] : general;
    }

    /// <inheritdoc/>
    protected override double LogFilteredTime(Neuron neuron, InputMoments input) =>
        input.SynapticRatio < ShortestSolved
            ? FourcaudBrunel.LogTimeAfterWait(neuron, input)
            : Math.Log(input.Tau) + Problem(neuron, input).LogMean(Standard);

    /// <inheritdoc/>
    protected override Response Respond(Neuron neuron, InputMoments input, double logTime)
    {
        if (input.SynapticRatio < ShortestSolved) return Siegert.Respond(neuron, input) with { LogRate = LogRate(logTime, neuron.RefractoryPeriod) };
        Passage problem = Problem(neuron, input);
        ColouredPassage passage = problem.Solve(Standard);
        double cv = RareSpikesCv(neuron, logTime) * passage.Cv(), logRate = LogRate(logTime, neuron.RefractoryPeriod);
        if (problem.IsRare) return new Response(logRate, cv, input.Mu, input.FreeMembraneSd);
        (double mean, double sd) = passage.Density().Statistics();
        return new Response(logRate, cv, input.Mu + input.Sigma * mean, input.Sigma * sd);
    }

    private static bool IsSolved(Neuron neuron, InputMoments input) =>
        input.Sigma > 0 && input.SynapticRatio >= ShortestSolved && double.IsFinite(neuron.Threshold);

    // Rare crossings depend on the barrier b = v_max sqrt(1 + delta) and, through the friction (1 + delta)/(b sqrt(2 delta)), on how often the membrane
    // crosses again before it falls back. So a higher barrier is traded for the highest that is solved, of the same friction and the same climb in units
    // in which the density near the threshold falls, and T/T_Rice, which tends to 1, is taken from there.
    private static Passage Problem(Neuron neuron, InputMoments input)
    {
        double delta = input.SynapticRatio, vMin = input.Scaled(neuron.Reset), vMax = input.Scaled(neuron.Threshold);
        double refractory = neuron.RefractoryPeriod / input.Tau;
        double barrier = vMax * Math.Sqrt(1 + delta);
        if (barrier <= ColouredPassage.HighestBarrier) return new Passage(vMin, vMax, delta, refractory, 0, false);

        double friction = (1 + delta) / Math.Sqrt(2 * delta) * ColouredPassage.HighestBarrier / barrier;
        double spread = Math.Sqrt(Math.Max(friction * friction - 2, 0));
        double root = (delta > 1 ? friction + spread : 2 / (friction + spread)) / Math.Sqrt(2);
        double traded = friction * friction > 2 ? root * root : 1;
        double top = ColouredPassage.HighestBarrier / Math.Sqrt(1 + traded);
        double climb = (vMax - vMin) * vMax * (1 + delta) / (top * (1 + traded));
        double logRice = barrier * barrier - ColouredPassage.HighestBarrier * ColouredPassage.HighestBarrier + 0.5 * Math.Log(delta / traded);
        return new Passage(top - climb, top, traded, refractory, logRice, true);
    }

    private readonly record struct Passage(double VMin, double VMax, double Delta, double Refractory, double LogFactor, bool IsRare)
    {
        internal ColouredPassage Solve(ColouredPassage.Resolution resolution) => new(VMin, VMax, Delta, Refractory, resolution);

        internal double LogMean(ColouredPassage.Resolution resolution) => Math.Log(Solve(resolution).Mean) + LogFactor;
    }
}
