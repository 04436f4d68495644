using System.Numerics;
using Shunt.Model;
using static System.FormattableString;

namespace Shunt.Theory;

/// <summary>
/// The neuron as it is, with Poisson arrivals that move V by finite jumps, in place of a diffusion: rate, CV, P(V), mean and SD of V from the
/// first-passage problem of V between its arrivals (<see cref="JumpPassage"/>). The only assumptions are Poisson inputs and instantaneous synapses.
/// Conductances and currents mix; both conventions of the jump are exact.
/// </summary>
public sealed class ExactJump : TransferFunction
{
    /// <summary>Relative error of T that the default resolution is made for; beyond it there is a warning.</summary>
    public const double TargetError = 1e-3;

    private static readonly JumpResolution Standard = new(5, 2, 0.7, 0.03, 40);
    private static readonly JumpResolution Finer = new(6, 1, 0.5, 0.01, 80);

    /// <inheritdoc/>
    public override string Name => "exact-jump";

    /// <inheritdoc/>
    public override double Precision => 1e-4;

    /// <inheritdoc/>
    public override string? Objection(Neuron neuron, IReadOnlyCollection<Synapse> synapses) =>
        synapses.FirstOrDefault(s => !s.IsInstantaneous) is { } slow
            ? Invariant($"it needs instantaneous synapses (tau_syn = 0), but one has tau_syn = {slow.TimeConstant * 1e3:G6} ms")
            : null;

    /// <inheritdoc/>
    public override double LogPassageTime(Neuron neuron, ReadOnlySpan<Afferent> afferents)
    {
        var process = new JumpProcess(neuron, afferents);
        if (Simple(neuron, process) is { } simple) return simple;
        using JumpPassage passage = new(process, neuron.Reset, neuron.Threshold, Standard);
        return passage.LogMean(out _);
    }

    /// <summary>
    /// Estimate of the relative error of T: the difference from a solution with elements of two thirds the size, polynomials of a higher degree and
    /// more of the kinks resolved, times 1.5. 0 where T is known in closed form.
    /// </summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="afferents">Everything it receives.</param>
    public static double RelativeError(Neuron neuron, ReadOnlySpan<Afferent> afferents)
    {
        var process = new JumpProcess(neuron, afferents);
        if (Simple(neuron, process) is not null) return 0;
        using JumpPassage standard = new(process, neuron.Reset, neuron.Threshold, Standard), finer = new(process, neuron.Reset, neuron.Threshold, Finer);
        return 1.5 * Math.Abs(double.ExpM1(standard.LogMean(out _) - finer.LogMean(out _)));
    }

    /// <inheritdoc/>
    public override IReadOnlyList<string> Warnings(Neuron neuron, ReadOnlySpan<Afferent> afferents)
    {
        double error = RelativeError(neuron, afferents);
        return error <= TargetError
            ? []
            : [Invariant($"exact-jump: the estimated relative error of the passage time is {error:G2}, above {TargetError:G1}")];
    }

    /// <inheritdoc/>
    public override Response Respond(Neuron neuron, ReadOnlySpan<Afferent> afferents)
    {
        var process = new JumpProcess(neuron, afferents);
        if (Simple(neuron, process) is { } simple)
        {
            return double.IsPositiveInfinity(simple)
                ? new Response(double.NegativeInfinity, double.NaN, process.MeanFree, process.SdFree)
                : Siegert.Respond(neuron, InputMoments.Of(neuron, afferents));
        }

        using JumpPassage passage = new(process, neuron.Reset, neuron.Threshold, Standard);
        (double logTime, double squaredCv) = passage.TimeMoments();
        (double mean, double sd) = passage.PotentialMoments();
        double active = Active(neuron, logTime);
        return new Response(LogRate(logTime, neuron.RefractoryPeriod), active * Math.Sqrt(Math.Max(squaredCv, 0)), mean, sd);
    }

    /// <summary>
    /// Membrane density P(V) per mV over non-refractory time; it integrates to 1 - nu tau_rp. Null for a membrane that never moves up against its
    /// mean drift and never fires.
    /// </summary>
    /// <inheritdoc/>
    public override double[]? Density(Neuron neuron, ReadOnlySpan<Afferent> afferents, ReadOnlySpan<double> potentials)
    {
        var process = new JumpProcess(neuron, afferents);
        double threshold = neuron.Threshold, active = 1;
        if (Simple(neuron, process) is { } simple)
        {
            if (double.IsFinite(simple)) return Siegert.Density(neuron, InputMoments.Of(neuron, afferents), potentials);
            if (FarAbove(process) is not { } far) return null;
            threshold = Math.Max(far, neuron.Reset + process.SdFree);
        }
        else
        {
            active = Active(neuron, LogPassageTime(neuron, afferents));
        }

        using JumpPassage passage = new(process, neuron.Reset, threshold, Finer);
        double[] density = passage.Occupation(potentials);
        for (int i = 0; i < density.Length; i++) density[i] *= active;
        return density;
    }

    /// <summary>Laplace transform of the distribution of interspike intervals, E[e^{-s ISI}].</summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="afferents">Everything it receives.</param>
    /// <param name="s">Argument (1/s), real part zero or more; i 2 pi f gives the Fourier transform.</param>
    public static Complex IntervalTransform(Neuron neuron, ReadOnlySpan<Afferent> afferents, Complex s) =>
        s == Complex.Zero ? Complex.One : Transform(neuron, afferents, s).Transform;

    /// <summary>
    /// Power spectrum of the spike train at a frequency, nu Re[(1 + rho)/(1 - rho)] with rho the Fourier transform of the intervals' distribution
    /// (Hz); it approaches nu at high frequencies and nu CV^2 at low ones.
    /// </summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="afferents">Everything it receives.</param>
    /// <param name="frequency">Frequency (Hz); positive.</param>
    public double PowerSpectrum(Neuron neuron, ReadOnlySpan<Afferent> afferents, double frequency)
    {
        Complex rho = IntervalTransform(neuron, afferents, new Complex(0, 2 * Math.PI * frequency));
        return Rate(neuron, afferents) * ((1 + rho) / (1 - rho)).Real;
    }

    /// <summary>
    /// Response of the rate to a modulation of one kind of input: when its rate is R (1 + e cos 2 pi f t), the neuron's rate is
    /// nu + e Re[H e^{i 2 pi f t}] to first order in e. At low frequencies H is d nu/d ln R.
    /// </summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="afferents">Everything it receives.</param>
    /// <param name="modulated">Index of the modulated input.</param>
    /// <param name="frequency">Frequency (Hz); positive.</param>
    /// <returns>H (Hz).</returns>
    public Complex RateResponse(Neuron neuron, ReadOnlySpan<Afferent> afferents, int modulated, double frequency)
    {
        var s = new Complex(0, 2 * Math.PI * frequency);
        (Complex transform, Complex[] gains, JumpProcess process) = Transform(neuron, afferents, s);
        int kind = Array.FindIndex(process.Jumps, j => j.Afferent == modulated);
        if (kind < 0) return Complex.Zero;
        double passage = Math.Exp(LogPassageTime(neuron, afferents)), share = passage / (passage + neuron.RefractoryPeriod);
        return share * s * gains[kind] / (1 - transform);
    }

    private static (Complex Transform, Complex[] Gains, JumpProcess Process) Transform(Neuron neuron, ReadOnlySpan<Afferent> afferents, Complex s)
    {
        var process = new JumpProcess(neuron, afferents);
        Complex dead = Complex.Exp(-s * neuron.RefractoryPeriod);
        if (Simple(neuron, process) is { } simple)
        {
            Complex transform = double.IsPositiveInfinity(simple) ? Complex.Zero : Complex.Exp(-s * Math.Exp(simple)) * dead;
            return (transform, new Complex[process.Jumps.Length], process);
        }

        using JumpPassage passage = new(process, neuron.Reset, neuron.Threshold, Finer);
        (Complex rho, Complex[] gains) = passage.Laplace(s);
        return (rho * dead, gains, process);
    }

    // fraction of non-refractory time, 1 - nu tau_rp
    private static double Active(Neuron neuron, double logTime) => 1 / (1 + neuron.RefractoryPeriod * Math.Exp(-logTime));

    // ln T of a neuron that never fires or that nothing disturbs; null for all others
    private static double? Simple(Neuron neuron, JumpProcess process)
    {
        if (!process.Reaches(neuron.Threshold)) return double.PositiveInfinity;
        if (process.Jumps.Length > 0) return null;
        return Math.Log(neuron.MembraneTimeConstant * double.LogP1((neuron.Threshold - neuron.Reset) / (process.Rest - neuron.Threshold)));
    }

    // a potential above which the membrane spends e^-34 of its time; null when nothing moves it above mu
    private static double? FarAbove(JumpProcess process)
    {
        var action = new EscapeAction(process);
        double v = process.MeanFree, step = 0.25 * process.SdFree, cumulated = 0;
        while (cumulated < 34)
        {
            double momentum = action.Momentum(v + step / 2);
            if (!double.IsFinite(momentum) || step == 0) return null;
            (v, cumulated) = (v + step, cumulated + step * momentum);
        }

        return v;
    }
}
