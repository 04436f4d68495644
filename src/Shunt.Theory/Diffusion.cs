using Shunt.Model;

namespace Shunt.Theory;

/// <summary>
/// White noise of constant amplitude on a membrane with any current, tau dV/dt = -H'(V) + sigma sqrt(tau) zeta (App. C): rate, CV and P(V) by the
/// general first-passage formula, exact for this process. For a leaky neuron it is <see cref="Siegert"/>. The amplitude sigma is that of
/// <see cref="InputMoments"/>.
/// </summary>
public sealed class Diffusion : TransferFunction
{
    private const double SpikeReach = 60; // e^-60 tau_L is all that is left of the upswing this many Delta_T above V_T

    /// <inheritdoc/>
    public override string Name => "diffusion";

    /// <inheritdoc/>
    public override bool TreatsCurrents => true;

    /// <inheritdoc/>
    public override double LogPassageTime(Neuron neuron, ReadOnlySpan<Afferent> afferents) =>
        LogPassageTime(neuron, InputMoments.Of(neuron, afferents));

    /// <summary>ln of the mean time from reset to threshold (s), (A3) with the drift of App. C, from the input moments.</summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="input">Its input moments.</param>
    public static double LogPassageTime(Neuron neuron, InputMoments input)
    {
        if (neuron.Current is null) return Siegert.LogPassageTime(neuron, input);
        if (double.IsPositiveInfinity(neuron.Threshold)) return double.PositiveInfinity;
        return input.Sigma > 0 ? Process(neuron, input).LogMeanTime() : Math.Log(Climb(neuron, input, _ => 1));
    }

    /// <inheritdoc/>
    public override Response Respond(Neuron neuron, ReadOnlySpan<Afferent> afferents) => Respond(neuron, InputMoments.Of(neuron, afferents));

    /// <summary>Rate, CV and membrane statistics from the input moments.</summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="input">Its input moments.</param>
    public static Response Respond(Neuron neuron, InputMoments input)
    {
        if (neuron.Current is null) return Siegert.Respond(neuron, input);
        Passage passage = input.Sigma > 0 ? Free(neuron, input).Pass() : WithoutNoise(neuron, input);
        if (double.IsPositiveInfinity(neuron.Threshold) || double.IsPositiveInfinity(passage.LogMean))
            return new Response(double.NegativeInfinity, double.NaN, passage.MeanV, passage.SdV);
        double active = 1 / (1 + neuron.RefractoryPeriod * Math.Exp(-passage.LogMean)); // 1 - nu tau_rp
        return new Response(LogRate(passage.LogMean, neuron.RefractoryPeriod), active * passage.Cv, passage.MeanV, passage.SdV);
    }

    /// <inheritdoc/>
    public override double[]? Density(Neuron neuron, ReadOnlySpan<Afferent> afferents, ReadOnlySpan<double> potentials) =>
        Density(neuron, InputMoments.Of(neuron, afferents), potentials);

    /// <summary>Membrane density per mV (A5) from the input moments; it integrates to 1 - nu tau_rp.</summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="input">Its input moments.</param>
    /// <param name="potentials">Where to evaluate it (mV).</param>
    public static double[]? Density(Neuron neuron, InputMoments input, ReadOnlySpan<double> potentials)
    {
        if (neuron.Current is null) return Siegert.Density(neuron, input, potentials);
        var density = new double[potentials.Length];
        if (input.Sigma == 0)
        {
            double logTime = LogPassageTime(neuron, input);
            if (double.IsPositiveInfinity(logTime)) return null;
            var drift = new MembraneDrift(neuron, input);
            double flux = input.Tau * Math.Exp(LogRate(logTime, neuron.RefractoryPeriod));
            for (int i = 0; i < density.Length; i++)
                density[i] = potentials[i] >= neuron.Reset && potentials[i] < neuron.Threshold ? flux / drift.At(potentials[i]) : 0;
            return density;
        }

        DiffusionProcess process = Free(neuron, input);
        double refractory = double.IsPositiveInfinity(neuron.Threshold) ? 0 : neuron.RefractoryPeriod;
        double logRate = LogRate(process.LogMeanTime(), refractory);
        double[] logOccupation = process.LogOccupation(potentials);
        for (int i = 0; i < density.Length; i++) density[i] = Math.Exp(logOccupation[i] + logRate);
        return density;
    }

    private static DiffusionProcess Process(Neuron neuron, InputMoments input) => Process(neuron, input, neuron.Reset, Top(neuron));

    // a membrane that never fires: its stationary density is that of one that fires once in e^200 time constants
    private static DiffusionProcess Free(Neuron neuron, InputMoments input)
    {
        if (double.IsFinite(neuron.Threshold)) return Process(neuron, input);
        double rest = new MembraneDrift(neuron, input).Rest;
        return Process(neuron, input, rest, rest + 15 * input.Sigma);
    }

    private static DiffusionProcess Process(Neuron neuron, InputMoments input, double reset, double threshold)
    {
        var drift = new MembraneDrift(neuron, input);
        double rate = 1 / input.Tau, squaredNoise = input.Sigma * input.Sigma * rate;
        return DiffusionProcess.Of(v => rate * drift.At(v), _ => squaredNoise, reset, threshold, neuron.Current!.LowestPotential);
    }

    // beyond it an exponential takes no time any more, and may overflow
    private static double Top(Neuron neuron) => neuron.Current is MembraneCurrent.SpikeInitiation spike
        ? Math.Min(neuron.Threshold, spike.Threshold + SpikeReach * spike.Sharpness)
        : neuron.Threshold;

    private static Passage WithoutNoise(Neuron neuron, InputMoments input)
    {
        double time = Climb(neuron, input, _ => 1);
        if (double.IsPositiveInfinity(time)) return new Passage(time, double.NaN, new MembraneDrift(neuron, input).Rest, 0);
        double mean = Climb(neuron, input, v => v) / time;
        return new Passage(Math.Log(time), 0, mean, Math.Sqrt(Climb(neuron, input, v => (v - mean) * (v - mean)) / time));
    }

    // int f(V) dt from reset to threshold without noise; infinite when V does not get there
    private static double Climb(Neuron neuron, InputMoments input, Func<double, double> f)
    {
        var drift = new MembraneDrift(neuron, input);
        double top = Top(neuron);
        if (double.IsPositiveInfinity(top) || !(drift.Least(neuron.Reset, top) > 0)) return double.PositiveInfinity;
        double Integrand(double v) => input.Tau * f(v) / drift.At(v);
        return Adaptive(neuron.Reset, top, Quadrature.Fine.Integrate(Integrand, neuron.Reset, top), 60);

        double Adaptive(double a, double b, double whole, int depth)
        {
            double middle = 0.5 * (a + b), left = Quadrature.Fine.Integrate(Integrand, a, middle), right = Quadrature.Fine.Integrate(Integrand, middle, b);
            return depth == 0 || Math.Abs(left + right - whole) <= 1e-13 * Math.Abs(whole)
                ? left + right
                : Adaptive(a, middle, left, depth - 1) + Adaptive(middle, b, right, depth - 1);
        }
    }
}
