using Shunt.Model;

namespace Shunt.Theory;

/// <summary>
/// Short synaptic time constants, tau_S much below tau (G9; Fourcaud and Brunel 2002): <see cref="Siegert"/> with reset and threshold both moved up by
/// |zeta(1/2)|/sqrt(2) sqrt(tau_S/tau) = 1.0326 sqrt(tau_S/tau) in units of sigma. Correct to first order in sqrt(tau_S/tau); preprint and figures have
/// another shift, see the errata.
/// </summary>
public sealed class FourcaudBrunel : FilteredNoise
{
    /// <summary>|zeta(1/2)|/sqrt(2), the shift of the limits in units of sqrt(tau_S/tau).</summary>
    public const double Shift = 1.0326265761156086;

    /// <inheritdoc/>
    public override string Name => "fourcaud-brunel";

    /// <inheritdoc/>
    protected override double LogFilteredTime(Neuron neuron, InputMoments input)
    {
        (double vMin, double vMax) = Limits(neuron, input);
        return Math.Log(input.Tau) + DiffusionPassage.LogMean(vMin, vMax);
    }

    /// <summary>Eq. 15 with the same shift.</summary>
    /// <inheritdoc/>
    protected override double IntervalCv(Neuron neuron, InputMoments input, double logTime)
    {
        (double vMin, double vMax) = Limits(neuron, input);
        return RareSpikesCv(neuron, logTime) * DiffusionPassage.Cv(vMin, vMax);
    }

    /// <inheritdoc/>
    protected override string? OutsideRange(Neuron neuron, InputMoments input) =>
        Math.Sqrt(input.SynapticRatio) * Math.Max(1, input.Scaled(neuron.Threshold)) > 0.3
            ? "needs sqrt(tau_S/tau) (1 + v_max) well below 1"
            : null;

    /// <summary>
    /// ln of the mean time from reset to threshold (s) when z runs on through the refractory period: of the shift of the reset, which comes from the
    /// positive z at spikes, e^{-tau_rp/tau_S} is left. G9 has tau_rp = 0 in this respect.
    /// </summary>
    internal static double LogTimeAfterWait(Neuron neuron, InputMoments input)
    {
        double shift = Shift * Math.Sqrt(input.SynapticRatio), left = Math.Exp(-neuron.RefractoryPeriod / (input.SynapticRatio * input.Tau));
        return Math.Log(input.Tau) + DiffusionPassage.LogMean(input.Scaled(neuron.Reset) + left * shift, input.Scaled(neuron.Threshold) + shift);
    }

    private static (double VMin, double VMax) Limits(Neuron neuron, InputMoments input)
    {
        double shift = Shift * Math.Sqrt(input.SynapticRatio);
        return (input.Scaled(neuron.Reset) + shift, input.Scaled(neuron.Threshold) + shift);
    }
}

/// <summary>
/// Time constants alike, tau_S of the order of tau (G10): every upward crossing of the threshold by the free membrane is a spike (Rice),
/// nu = exp(-v_max^2 (1 + tau_S/tau))/(2 pi sqrt(tau tau_S)). No refractory period enters, so the rate is undefined above 1/tau_rp.
/// </summary>
public sealed class Rice : FilteredNoise
{
    /// <inheritdoc/>
    public override string Name => "rice";

    /// <summary>ln of the rate of upward crossings (Hz), G10.</summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="input">Its input moments.</param>
    public static double LogCrossingRate(Neuron neuron, InputMoments input)
    {
        double vMax = input.Scaled(neuron.Threshold), delta = input.SynapticRatio;
        return -vMax * vMax * (1 + delta) - Math.Log(2 * Math.PI * input.Tau * Math.Sqrt(delta));
    }

    /// <inheritdoc/>
    protected override double LogFilteredTime(Neuron neuron, InputMoments input) =>
        LogTimeAtRate(LogCrossingRate(neuron, input), neuron.RefractoryPeriod);

    /// <summary>1 - nu tau_rp where crossings are rare, that is two SDs of the free membrane from mu; not said elsewhere.</summary>
    /// <inheritdoc/>
    protected override double IntervalCv(Neuron neuron, InputMoments input, double logTime) =>
        neuron.Threshold - input.Mu > 2 * input.FreeMembraneSd ? RareSpikesCv(neuron, logTime) : double.NaN;

    /// <inheritdoc/>
    protected override string? OutsideRange(Neuron neuron, InputMoments input) =>
        input.SynapticRatio is < 0.3 or > 3 || neuron.Threshold - input.Mu < 2 * input.FreeMembraneSd
            ? "needs tau_S/tau near 1 and a threshold two SDs of the free membrane above mu"
            : null;
}

/// <summary>
/// Long synaptic time constants, tau_S much above tau (G11): z stands still while the membrane moves, so the rate is that of a neuron with constant
/// input, averaged over z. It includes mu above threshold. The intervals, many short ones and long silences of the order of tau_S, have no CV here.
/// </summary>
public sealed class Adiabatic : FilteredNoise
{
    /// <inheritdoc/>
    public override string Name => "adiabatic";

    /// <inheritdoc/>
    protected override double LogFilteredTime(Neuron neuron, InputMoments input)
    {
        // with w = w_0 + x, w_0 = v_max/eps, the passage takes tau ln(1 + distance/x), distance = (v_max - v_min)/eps
        double root = Math.Sqrt(input.SynapticRatio), threshold = input.Scaled(neuron.Threshold) * root;
        double distance = (neuron.Threshold - neuron.Reset) / input.Sigma * root, refractory = neuron.RefractoryPeriod / input.Tau;

        double exponent = Math.Max(threshold, 0); // e^{-exponent^2} is taken out
        double Weight(double x) => Math.Exp((exponent - threshold - x) * (exponent + threshold + x)) / Math.Sqrt(Math.PI);
        double Passage(double x) => double.LogP1(distance / x);
        double rate = Average(threshold, x => Weight(x) / (refractory + Passage(x)));
        double idle = threshold > 0
            ? 1 - 0.5 * Math.Exp(-threshold * threshold) * ErrorFunctions.Erfcx(threshold)
            : 0.5 * Math.Exp(-threshold * threshold) * ErrorFunctions.Erfcx(-threshold);
        double scale = Math.Exp(-exponent * exponent);
        double waiting = idle + scale * Average(threshold, x => Weight(x) * Passage(x) / (refractory + Passage(x))); // 1 - nu tau_rp
        return Math.Log(input.Tau) + exponent * exponent + Math.Log(waiting) - Math.Log(rate);
    }

    /// <inheritdoc/>
    protected override string? OutsideRange(Neuron neuron, InputMoments input) => input.SynapticRatio < 10 ? "needs tau_S/tau far above 1" : null;

    // int_0^infinity of something that falls like e^{-w^2}, w = threshold + x, and starts like 1/ln(1/x): logarithmic panels up to x = 1, then equal ones
    private static double Average(double threshold, Func<double, double> f)
    {
        double from = Math.Max(0, -threshold - 7), to = Math.Max(0, -threshold) + 45 / (Math.Max(threshold, 0) + Math.Sqrt(Math.Max(threshold, 0) * Math.Max(threshold, 0) + 45));
        double sum = 0;
        if (from == 0)
        {
            double top = Math.Min(1, to);
            sum += Quadrature.Fine.Integrate(u => Math.Exp(u) * f(Math.Exp(u)), Math.Log(top) - 45, Math.Log(top), 45);
            from = top;
        }

        return to > from ? sum + Quadrature.Fine.Integrate(f, from, to, (int)Math.Ceiling(to - from)) : sum;
    }
}

/// <summary>
/// <see cref="Adiabatic"/> for a threshold many SDs above mu (G12, with the factor 1/2 that the asymptotics of G11 give):
/// nu = sqrt(tau/tau_S) exp(-v_max^2 tau_S/tau)/(2 sqrt(pi) tau_rp v_max). Needs a refractory period and mu below threshold; undefined above 1/tau_rp.
/// </summary>
public sealed class AdiabaticStrong : FilteredNoise
{
    /// <inheritdoc/>
    public override string Name => "adiabatic-strong";

    /// <summary>ln of the rate (Hz), G12; NaN when mu is not below threshold.</summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="input">Its input moments.</param>
    public static double LogStrongRate(Neuron neuron, InputMoments input)
    {
        double w = input.Scaled(neuron.Threshold) * Math.Sqrt(input.SynapticRatio);
        return w > 0 ? -w * w - Math.Log(2 * Math.Sqrt(Math.PI) * neuron.RefractoryPeriod * w) : double.NaN;
    }

    /// <inheritdoc/>
    public override string? Objection(Neuron neuron, IReadOnlyCollection<Synapse> synapses) =>
        neuron.RefractoryPeriod > 0
            ? base.Objection(neuron, synapses)
            : "its rate is a fraction of 1/tau_rp, so it needs a refractory period; here t_ref is 0 ms";

    /// <inheritdoc/>
    protected override double LogFilteredTime(Neuron neuron, InputMoments input) =>
        LogTimeAtRate(LogStrongRate(neuron, input), neuron.RefractoryPeriod);

    /// <inheritdoc/>
    protected override string? OutsideRange(Neuron neuron, InputMoments input) =>
        input.SynapticRatio < 10 || input.Scaled(neuron.Threshold) * Math.Sqrt(input.SynapticRatio) < 1.5
            ? "needs tau_S/tau far above 1, v_max sqrt(tau_S/tau) above 1.5, and passages from reset to threshold much shorter than tau_rp"
            : null;
}
