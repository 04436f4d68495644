using Shunt.Model;

namespace Shunt.Theory;

/// <summary>The linear response of a strongly coupled network, nu = rho nu_X (Eq. 20).</summary>
public static class NetworkGain
{
    /// <summary>
    /// All gains rho with rho Q(rho) = 1, where Q (Eq. 12) is evaluated at r_E/nu_X = 1 + rho, r_I/nu_X = rho (Eqs. 20, D2), increasing. Only gains
    /// with mu below threshold count, that is above <see cref="StrongCoupling.ThresholdGain"/>. Because Q of Eq. 12 diverges at threshold, a root
    /// that lies close to the threshold gain (vbar^2/a below about 1) is outside the equation's validity; the largest gain is the one that the
    /// escape picture describes.
    /// </summary>
    /// <param name="coupling">Reversal potentials, threshold, g and gamma; its input ratios are not used.</param>
    /// <param name="efficacy">a; positive.</param>
    /// <param name="inDegree">K; positive.</param>
    /// <returns>The gains; empty when no rate keeps mu below threshold or none satisfies the equation.</returns>
    public static IReadOnlyList<double> Solve(StrongCoupling coupling, double efficacy, double inDegree)
    {
        double thresholdGain = coupling.ThresholdGain;
        if (!(thresholdGain > 0)) return [];

        // in s = ln(rho - rho_threshold) the divergence at threshold is a straight line
        return [.. RootScan.All(s => LogGainTimesQ(coupling, thresholdGain + Math.Exp(s), efficacy, inDegree), Math.Log(thresholdGain) - 20, 60, 0.5)
            .Select(s => thresholdGain + Math.Exp(s))];
    }

    private static double LogGainTimesQ(StrongCoupling coupling, double rho, double efficacy, double inDegree) =>
        Math.Log(rho) + (coupling with { ExcitatoryRatio = 1 + rho, InhibitoryRatio = rho }).LogQ(efficacy, inDegree);
}
