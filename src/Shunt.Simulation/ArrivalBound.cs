using Shunt.Model;

namespace Shunt.Simulation;

/// <summary>
/// The most arrivals that a neuron can have in one step. Counts have 16 bits and are never checked while they are added up, so a network in which
/// one could overflow is refused
/// before it is built. Two neurons that are connected once exchange at most one spike a step, because a synapse has one delay and a neuron fires
/// once a step: recurrent arrivals
/// are at most the in-degree. Poisson input has no largest value; it is bounded where the probability of more is below 1e-25, which no run will see:
/// 10^8 neurons and 10^9 steps
/// are 10^17 draws.
/// </summary>
internal static class ArrivalBound
{
    /// <summary>-ln of the probability that a bound is passed.</summary>
    private const double Certainty = 58;

    /// <summary>Largest normal number that <see cref="InDegreeDraw"/> can make of 32 random bits: sqrt(-2 ln 2^-33).</summary>
    private const double LargestNormal = 6.77;

    /// <summary>Largest in-degree.</summary>
    internal static double InDegree(InDegreeLaw law, int sourceSize) => law switch
    {
        InDegreeLaw.Fixed(var k) => k,
        InDegreeLaw.Gaussian(var k, var cv) => Math.Round(k * (1 + (LargestNormal * cv))),
        _ => Math.Min(sourceSize, Poisson(law.Mean(sourceSize))), // a binomial number is less spread than a Poisson number
    };

    /// <summary>Arrivals from a pool in one step: its units fire any number of times a step, and may have several synapses on a neuron.</summary>
    internal static double Pool(Projection projection, int size, double meanPerUnit)
    {
        double inDegree = InDegree(projection.InDegree, size);
        double together = projection.AllowMultapses ? Math.Min(inDegree, Poisson(inDegree / size)) : 1;
        return together * Poisson(inDegree * meanPerUnit / together);
    }

    /// <summary>A number that a Poisson variable does not pass, by Chernoff's bound P(X >= x) &lt;= exp(-(x ln(x/m) - x + m)).</summary>
    internal static double Poisson(double mean)
    {
        if (mean == 0) return 0;
        double below = mean, above = (2 * mean) + (2 * Certainty);
        while (above - below > 0.5)
        {
            double x = (below + above) / 2;
            if ((x * Math.Log(x / mean)) - x + mean > Certainty) above = x;
            else below = x;
        }

        return Math.Ceiling(above);
    }
}
