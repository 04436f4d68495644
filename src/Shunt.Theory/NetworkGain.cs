using Shunt.Model;
using static System.FormattableString;

namespace Shunt.Theory;

/// <summary>How a strongly coupled network answers its input.</summary>
public enum GainStatus
{
    /// <summary>In proportion to it: the largest gain is a stable one at which spikes are escapes over the threshold.</summary>
    Escape,

    /// <summary>In proportion to it, with mu at threshold, at about the gain of Eq. 21: below threshold the network would fire too little.</summary>
    AtThreshold,

    /// <summary>Out of proportion: inhibition cannot hold the rates, which grow until the refractory period bounds them; rho is infinite.</summary>
    Diverges,
}

/// <summary>Every gain rho of nu = rho nu_X and what becomes of the network.</summary>
/// <param name="Status">What becomes of the network.</param>
/// <param name="Gains">All solutions with mu below threshold, increasing.</param>
/// <param name="Message">One sentence on the status, with numbers.</param>
public sealed record GainAnalysis(GainStatus Status, IReadOnlyList<double> Gains, string Message);

/// <summary>The linear response of a strongly coupled network, nu = rho nu_X (Eq. 20, App. D).</summary>
public static class NetworkGain
{
    /// <summary>
    /// All gains rho with rho Q(rho) = 1, where Q (Eq. 12, or B6 when the noise depends on V) is evaluated at r_E/nu_X = 1 + rho, r_I/nu_X = rho
    /// (Eqs. 20, D2, D9), increasing. Only gains with mu below threshold count, that is above <see cref="StrongCoupling.ThresholdGain"/>. Because
    /// Q diverges at threshold, a root that lies close to the threshold gain (barrier/a below about 1) is outside the equation's validity; the largest
    /// gain is the one that the escape picture describes. <see cref="Analyse"/> says whether the network takes it.
    /// </summary>
    /// <param name="coupling">Reversal potentials, threshold, g, gamma and form of the noise; its input ratios are not used.</param>
    /// <param name="efficacy">a; positive.</param>
    /// <param name="inDegree">K; positive.</param>
    /// <param name="refractoryInput">
    /// nu_X tau_rp, with which the equation is 1/rho = nu_X tau_rp + Q(rho) (D3); 0 is the gain at small input.
    /// </param>
    /// <returns>The gains; empty when no rate keeps mu below threshold or none satisfies the equation.</returns>
    public static IReadOnlyList<double> Solve(StrongCoupling coupling, double efficacy, double inDegree, double refractoryInput = 0)
    {
        double thresholdGain = coupling.ThresholdGain;
        if (!(thresholdGain > 0)) return [];

        // in s = ln(rho - rho_threshold) the divergence at threshold is a straight line
        double Mismatch(double s)
        {
            double rho = thresholdGain + Math.Exp(s), logQ = LogQ(coupling, rho, efficacy, inDegree);
            return Math.Log(rho) + (refractoryInput > 0 ? Math.Log(refractoryInput + Math.Exp(Math.Min(logQ, 700))) : logQ);
        }

        return [.. RootScan.All(Mismatch, Math.Log(thresholdGain) - 20, 60, 0.5).Select(s => thresholdGain + Math.Exp(s))];
    }

    /// <summary>The gains of <see cref="Solve"/> at small input, and whether the network takes one of them or none.</summary>
    /// <param name="coupling">Reversal potentials, threshold, g, gamma and form of the noise; its input ratios are not used.</param>
    /// <param name="efficacy">a; positive.</param>
    /// <param name="inDegree">K; positive.</param>
    public static GainAnalysis Analyse(StrongCoupling coupling, double efficacy, double inDegree)
    {
        double thresholdGain = coupling.ThresholdGain;
        if (!(thresholdGain > 0 && double.IsFinite(thresholdGain)))
        {
            return new GainAnalysis(GainStatus.Diverges, [], Invariant(
                $"g gamma = {coupling.G * coupling.Gamma:G4} is too little inhibition to hold mu below threshold at any rate, so rates grow until refractory"));
        }

        IReadOnlyList<double> gains = Solve(coupling, efficacy, inDegree);

        // for rho to infinity rho Q goes to Q at equal input ratios; below 1 the rates predicted from large rates are larger still
        double atLargeRates = (coupling with { ExcitatoryRatio = 1, InhibitoryRatio = 1 }).LogQ(efficacy, inDegree);
        if (atLargeRates < 0)
        {
            return new GainAnalysis(GainStatus.Diverges, gains, Invariant(
                $"barrier and inhibition are too small at large rates (ln rho Q = {atLargeRates:G3} < 0 there), so rates grow until refractory"));
        }

        return gains.Count > 0
            ? new GainAnalysis(GainStatus.Escape, gains, Invariant($"nu = {gains[^1]:G4} nu_X, with escapes over the threshold"))
            : new GainAnalysis(GainStatus.AtThreshold, gains, Invariant(
                $"escapes are too rare at every rate that keeps mu below threshold, so mu stays near it and nu is about {thresholdGain:G4} nu_X (Eq. 21)"));
    }

    /// <summary>
    /// How refractoriness bends the response of Model A: rho_2 in nu = nu_X (rho_1 + rho_2 nu_X tau_rp + ...) (D11), which is
    /// -rho^2/(1 + rho^2 dQ/drho), exact for the Q of this coupling.
    /// </summary>
    /// <param name="coupling">Reversal potentials, threshold, g, gamma and form of the noise; its input ratios are not used.</param>
    /// <param name="efficacy">a; positive.</param>
    /// <param name="inDegree">K; positive.</param>
    /// <param name="gain">rho_1, one of <see cref="Solve"/>.</param>
    public static double Correction(StrongCoupling coupling, double efficacy, double inDegree, double gain) =>
        -gain * gain / (1 + gain * Slope(rho => LogQ(coupling, rho, efficacy, inDegree), gain));

    /// <summary>
    /// rho_2 to leading order in a: only the exponent changes with rho, so rho_2 = -a rho_1/[dF(v_max)/drho - dF(alpha)/drho], which is (D12) with a
    /// minus between the two derivatives.
    /// </summary>
    /// <param name="coupling">Reversal potentials, threshold, g, gamma and form of the noise; its input ratios are not used.</param>
    /// <param name="efficacy">a; positive.</param>
    /// <param name="gain">rho_1, one of <see cref="Solve"/>.</param>
    public static double LeadingCorrection(StrongCoupling coupling, double efficacy, double gain) =>
        -efficacy * gain / Slope(rho => At(coupling, rho).Barrier, gain);

    private static StrongCoupling At(StrongCoupling coupling, double rho) => coupling with { ExcitatoryRatio = 1 + rho, InhibitoryRatio = rho };

    private static double LogQ(StrongCoupling coupling, double rho, double efficacy, double inDegree) => At(coupling, rho).LogQ(efficacy, inDegree);

    private static double Slope(Func<double, double> f, double x)
    {
        double h = 1e-3 * x;
        return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h);
    }
}
