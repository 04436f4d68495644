namespace Shunt.Model;

/// <summary>
/// Squared noise that depends on V as that of conductances does, B^2(V) = slope (V - centre)^2 + floor. For two conductances slope is a^2 K/chi, centre
/// E_S, and floor slope E_D^2 (A8-A10); currents add to the floor.
/// </summary>
/// <param name="Slope">Sum of a^2 R over conductances; zero or more.</param>
/// <param name="Centre">Where the noise is smallest (mV).</param>
/// <param name="Floor">B^2 at the centre; zero or more.</param>
public readonly record struct VoltageNoise(double Slope, double Centre, double Floor)
{
    /// <summary>B^2(V).</summary>
    /// <param name="potential">V (mV).</param>
    public double Squared(double potential) => Slope * (potential - Centre) * (potential - Centre) + Floor;

    /// <summary>
    /// int 2 (V - mu)/B^2(V) dV between two potentials: the barrier that a drift (mu - V)/tau puts between them, times tau. It is
    /// (tau/a) [F(u(to)) - F(u(from))] of (A10), here without loss of digits for small distances or noise that hardly depends on V.
    /// </summary>
    /// <param name="mu">Where the drift vanishes (mV).</param>
    /// <param name="from">V (mV).</param>
    /// <param name="to">V (mV).</param>
    public double Barrier(double mu, double from, double to)
    {
        double d = to - from, x = from - Centre, here = Squared(from);
        if (Slope * d * d < 0.01 * here)
        {
            // 1/B^2 as a power series in the distance t from the start, whose terms fall like 0.1^n
            double sum = 0, coefficient = 1 / here, before = 0, power = d;
            for (int n = 0; n < 24; n++)
            {
                sum += coefficient * power * (d / (n + 2) + (from - mu) / (n + 1));
                (coefficient, before) = (-Slope * (2 * x * coefficient + before) / here, coefficient);
                power *= d;
            }

            return 2 * sum;
        }

        double logarithm = double.LogP1(Slope * d * (2 * x + d) / here);
        if (Floor == 0) return (logarithm + 2 * (Centre - mu) * d / (x * (x + d))) / Slope;
        double scale = Math.Sqrt(Floor / Slope); // E_D
        return (logarithm - 2 * (mu - Centre) / scale * (Math.Atan((x + d) / scale) - Math.Atan(x / scale))) / Slope;
    }
}
