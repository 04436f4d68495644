using MathNet.Numerics.Distributions;
using Shunt.Model;

namespace Shunt.Theory;

/// <summary>
/// CV and membrane statistics of a population whose neurons receive different inputs, averaged as a simulation averages them. These vary slowly with
/// the input, so the neurons are taken on a coarse grid of the Gaussian variables z: the trapezoidal rule, which converges exponentially there.
/// </summary>
internal static class NeuronAverages
{
    private const double Quiet = 1e-3;

    /// <summary>What is averaged; rates come from <see cref="RateDistribution"/>.</summary>
    internal static PopulationObservables Of(TransferFunction transfer, Neuron neuron, SpreadAfferent[] inputs, Func<double, double, double[]> grid)
    {
        (Afferent[] Afferents, double Weight)[] neurons = [.. Neurons(inputs, transfer.IsExpensive)];
        double low = double.PositiveInfinity, high = double.NegativeInfinity, tau = 0, mu = 0, sigma = 0;
        double cv = 0, firing = 0, mean = 0, active = 0, square = 0;
        foreach ((Afferent[] afferents, double weight) in neurons)
        {
            InputMoments input = InputMoments.Of(neuron, afferents);
            tau += weight * input.Tau;
            mu += weight * input.Mu;
            sigma += weight * input.Sigma;
            if (weight > 1e-4)
            {
                low = Math.Min(low, input.Mu - 5 * input.Sigma);
                high = Math.Max(high, input.Mu + 5 * input.Sigma);
            }

            Response response = transfer.Respond(neuron, afferents);
            double free = weight * (1 - response.Rate * neuron.RefractoryPeriod);
            mean += free * response.MeanV;
            active += free;
            square += weight * response.SdV * response.SdV;
            if (response.Rate < Quiet || double.IsNaN(response.Cv)) continue;
            cv += weight * response.Cv;
            firing += weight;
        }

        double[] potentials = grid(low, high);
        double[]? density = new double[potentials.Length];
        foreach ((Afferent[] afferents, double weight) in neurons)
        {
            double[]? own = transfer.Density(neuron, afferents, potentials);
            if (own is null)
            {
                density = null;
                break;
            }

            for (int i = 0; i < own.Length; i++) density[i] += weight * own[i];
        }

        return new PopulationObservables
        {
            Population = "",
            CvIsi = firing > 0 ? Estimate.Exactly(cv / firing) : Estimate.Unknown,
            MeanV = Estimate.Exactly(mean / active),
            SdV = Estimate.Exactly(Math.Sqrt(square)),
            Tau = Estimate.Exactly(tau),
            Mu = Estimate.Exactly(mu),
            Sigma = Estimate.Exactly(sigma),
            Density = density is null ? null : new MembraneDensity(potentials, density),
        };
    }

    private static IEnumerable<(Afferent[] Afferents, double Weight)> Neurons(SpreadAfferent[] inputs, bool isExpensive)
    {
        int[] varying = [.. Enumerable.Range(0, inputs.Length).Where(i => inputs[i].RateSd > 0)];

        // the step of the rule, and how far out: e^-2 pi^2/h^2 and e^-r^2/2 are what it leaves out
        (double step, double reach) = isExpensive || varying.Length > 2 ? (1.0, 3.5) : (0.5, 5.5);
        var all = new List<(Afferent[], double)>();
        double total = 0;
        int side = (int)Math.Floor(reach / step), points = (int)Math.Pow(2 * side + 1, varying.Length);
        for (int k = 0; k < points; k++)
        {
            Afferent[] afferents = [.. inputs.Select(i => i.Mean)];
            double square = 0;
            for (int d = 0, rest = k; d < varying.Length; d++, rest /= 2 * side + 1)
            {
                double z = step * (rest % (2 * side + 1) - side);
                square += z * z;
                SpreadAfferent input = inputs[varying[d]];
                afferents[varying[d]] = afferents[varying[d]] with { Rate = Math.Max(0, input.Mean.Rate + z * input.RateSd) };
            }

            if (square > reach * reach) continue;
            double weight = Normal.PDF(0, 1, Math.Sqrt(square));
            total += weight;
            all.Add((afferents, weight));
        }

        return all.Select(n => (n.Item1, n.Item2 / total));
    }
}
