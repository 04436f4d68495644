using Shunt.Model;

namespace Shunt.Theory;

/// <summary>
/// The linear response of a strongly coupled network of two populations that differ (Model B, App. D: D18-D27): nu_E = rho_E nu_EX, nu_I = rho_I nu_EX.
/// Excitatory neurons receive r_E = (1 + rho_E) nu_EX and r_I = rho_I nu_EX, inhibitory ones r_E = (eta + rho_E) nu_EX and r_I = rho_I nu_EX. The
/// efficacies, in-degrees, neurons and kind of noise of the two populations are independent.
/// </summary>
public sealed record TwoPopulationGain
{
    // nearly silent, in balance, close to threshold: no equation was seen with more
    private const int Branches = 4;

    /// <summary>Input of the excitatory population; its input ratios are not used.</summary>
    public required StrongCoupling Excitatory { get; init; }

    /// <summary>Input of the inhibitory population; its input ratios are not used.</summary>
    public required StrongCoupling Inhibitory { get; init; }

    /// <summary>nu_IX/nu_EX.</summary>
    public required double Eta { get; init; }

    /// <summary>Coupling of the two populations when they fire at rho_E nu_EX and rho_I nu_EX, for moments and for the scalings a_E(K), a_I(K) (D27).</summary>
    /// <param name="rhoE">rho_E.</param>
    /// <param name="rhoI">rho_I.</param>
    public (StrongCoupling Excitatory, StrongCoupling Inhibitory) At(double rhoE, double rhoI) => (
        Excitatory with { ExcitatoryRatio = 1 + rhoE, InhibitoryRatio = rhoI },
        Inhibitory with { ExcitatoryRatio = Eta + rhoE, InhibitoryRatio = rhoI });

    /// <summary>
    /// Gains with rho_E Q_E = 1 and rho_I Q_I = 1 (D21-D24) and both mu below threshold, by increasing rho_E. Along the solutions rho_E of the first
    /// equation at each rho_I, roots of the second are bracketed, on each of the branches that the first equation has.
    /// </summary>
    /// <param name="efficacyE">a_E.</param>
    /// <param name="inDegreeE">K_E.</param>
    /// <param name="efficacyI">a_I.</param>
    /// <param name="inDegreeI">K_I.</param>
    /// <returns>The gains; empty when there are none.</returns>
    public IReadOnlyList<(double RhoE, double RhoI)> Solve(double efficacyE, double inDegreeE, double efficacyI, double inDegreeI)
    {
        var found = new List<(double RhoE, double RhoI)>();
        for (int branch = 1; branch <= Branches; branch++)
        {
            int fromTop = branch;

            double Branch(double logRhoI)
            {
                double rhoI = Math.Exp(logRhoI);
                List<double> roots = RootScan.All(
                    x => x + At(Math.Exp(x), rhoI).Excitatory.LogQ(efficacyE, inDegreeE), -30, 20, 0.5);
                return roots.Count < fromTop ? double.NaN : roots[^fromTop];
            }

            double Mismatch(double logRhoI)
            {
                double logRhoE = Branch(logRhoI);
                return logRhoI + At(Math.Exp(logRhoE), Math.Exp(logRhoI)).Inhibitory.LogQ(efficacyI, inDegreeI);
            }

            foreach (double logRhoI in RootScan.All(Mismatch, -12, 12, 0.25))
            {
                (double RhoE, double RhoI) gain = (Math.Exp(Branch(logRhoI)), Math.Exp(logRhoI));
                if (!(Math.Abs(Mismatch(logRhoI)) < 1e-6)) continue; // where a branch ends the sign may change without a root
                if (!found.Exists(g => Math.Abs(g.RhoE / gain.RhoE - 1) < 1e-6 && Math.Abs(g.RhoI / gain.RhoI - 1) < 1e-6)) found.Add(gain);
            }
        }

        return [.. found.OrderBy(g => g.RhoE)];
    }
}
