using Shunt.Model;
using static System.FormattableString;

namespace Shunt.Theory;

/// <summary>What the mean-field theory assumes and a given network does not quite satisfy, in sentences with numbers.</summary>
internal static class Assumptions
{
    internal static List<string> Left(
        NetworkModel model, RateEquations equations, TransferFunction transfer, double[] rates, Observables observables)
    {
        var warnings = new List<string>();
        for (int c = 0; c < equations.Count; c++)
        {
            string who = string.Join(", ", equations.Members[c].Select(p => p.Name));
            Neuron neuron = equations.Neurons[c];
            ReadOnlySpan<Afferent> afferents = equations.Afferents(c, rates);
            InputMoments input = InputMoments.Of(neuron, afferents);
            double cv = observables[equations.Members[c][0].Name].CvIsi.Value;
            foreach (string warning in transfer.Warnings(neuron, afferents)) warnings.Add($"{who}: {warning}");
            if (!transfer.UsesSynapticTime) AddColouredNoise(warnings, who, input, afferents);
            AddLargeJumps(warnings, who, neuron, input, afferents);
            AddInDegreeSpread(warnings, who, model, equations, equations.Members[c][0], input, rates);
            if (rates[c] >= 1e-3 && Math.Abs(cv - 1) > 0.3 && Enumerable.Range(0, equations.Count).Any(t => equations.IsDriven(t, c)))
            {
                warnings.Add(Invariant($"{who}: its spikes drive the network and are taken as Poisson, but their predicted CV is {cv:G3}"));
            }
        }

        AddSharedInput(warnings, model);
        return warnings;
    }

    private static void AddColouredNoise(List<string> warnings, string who, InputMoments input, ReadOnlySpan<Afferent> afferents)
    {
        double slowest = 0;
        foreach (Afferent afferent in afferents)
        {
            if (afferent.Rate > 0) slowest = Math.Max(slowest, afferent.Synapse.TimeConstant);
        }

        if (slowest <= 1e-3 * input.Tau) return;
        warnings.Add(Invariant(
            $"{who}: tau_S/tau = {slowest * 1e3:G3} ms/{input.Tau * 1e3:G3} ms = {slowest / input.Tau:G3}, ")
            + "but this method takes synapses as instantaneous (tau_S/tau << 1): rate, CV, P(V) and SD of V are those of white noise");
    }

    // The escape rate of the true process, Poisson jumps of size A_j(V), has the exponent S = int p dV along the path H(V, p) = 0 from mu to theta,
    // with H = -(V - E_L) p/tau_L + sum_j R_j (e^{p A_j(V)} - 1); a diffusion of constant noise has v_max^2 instead.
    private static void AddLargeJumps(List<string> warnings, string who, Neuron neuron, InputMoments input, ReadOnlySpan<Afferent> afferents)
    {
        bool escapes = input.Mu < neuron.Threshold && double.IsFinite(neuron.Threshold) && input.Sigma > 0;
        if (!escapes) return;
        Afferent[] kinds = [.. afferents.ToArray().Where(k => k.Rate > 0)];
        if (kinds.Any(k => k.Synapse.TimeConstant > 0.1 * input.Tau)) return; // no jumps, and warned about elsewhere
        if (!kinds.Any(k => InputMoments.Amplitude(k.Synapse, neuron.Threshold) > 0)) return; // no jump leads across the threshold

        double action = Quadrature.Coarse.Integrate(v => EscapeMomentum(neuron, input, kinds, v), input.Mu, neuron.Threshold);
        double vMax = input.Scaled(neuron.Threshold), shift = vMax * vMax - action;
        if (Math.Abs(shift) < 0.1) return;
        double largest = kinds.Max(k => Math.Abs(InputMoments.Amplitude(k.Synapse, input.Mu)));
        warnings.Add(Invariant(
            $"{who}: single inputs move V by up to {largest:G3} mV against sigma = {input.Sigma:G3} mV; ")
            + Invariant($"finite jumps and noise that depends on V, both left out, ")
            + Invariant($"change ln(rate) at fixed input by about {shift:+0.00;-0.00} (leading exponent)"));
    }

    // the positive root p of H(V, p) = 0; H is convex in p and falls from 0 at p = 0, so Newton's method from its right converges
    private static double EscapeMomentum(Neuron neuron, InputMoments input, Afferent[] kinds, double v)
    {
        double leak = (neuron.RestingPotential - v) / neuron.MembraneTimeConstant;
        (double H, double Slope) At(double p)
        {
            double h = leak * p, slope = leak;
            foreach ((double rate, Synapse synapse) in kinds)
            {
                double amplitude = InputMoments.Amplitude(synapse, v);
                h += rate * double.ExpM1(p * amplitude);
                slope += rate * amplitude * Math.Exp(p * amplitude);
            }

            return (h, slope);
        }

        double p = 2 * (v - input.Mu) / (input.Sigma * input.Sigma);
        while (At(p).H < 0) p *= 2;
        for (int i = 0; i < 100; i++)
        {
            (double h, double slope) = At(p);
            double step = h / slope;
            p -= step;
            if (!(Math.Abs(step) > 1e-9 * p)) break;
        }

        return p;
    }

    private static void AddInDegreeSpread(
        List<string> warnings, string who, NetworkModel model, RateEquations equations, Population population, InputMoments input, double[] rates)
    {
        double variance = 0, largestCv = 0;
        foreach (Projection p in model.Onto(population.Name))
        {
            double mean = model.MeanInDegree(p), spread = p.InDegree.StandardDeviation(model.SourceSize(p));
            if (!(spread > 0)) continue;
            int source = model.Populations.Select(q => q.Name).ToList().IndexOf(p.Source);
            double rate = source >= 0 ? rates[equations.ClassOf[source]] : model.FindInput(p.Source)!.Rate;
            double move = input.Tau * spread * rate * InputMoments.Amplitude(p.Synapse, input.Mu);
            variance += move * move;
            largestCv = Math.Max(largestCv, spread / mean);
        }

        if (largestCv == 0) return;
        warnings.Add(Invariant(
            $"{who}: in-degrees vary between neurons (CV_K up to {largestCv:G3}), which spreads mu by {Math.Sqrt(variance):G3} mV ")
            + Invariant($"(SD over neurons) against sigma = {input.Sigma:G3} mV; every neuron is taken at the mean in-degree"));
    }

    private static void AddSharedInput(List<string> warnings, NetworkModel model)
    {
        foreach (IGrouping<string, Projection> group in model.Projections.GroupBy(p => p.Source))
        {
            bool pool = model.FindInput(group.Key) is { Wiring: InputWiring.Pool };
            if (!pool && model.FindPopulation(group.Key) is null) continue;
            double shared = group.Max(p => model.MeanInDegree(p) / model.SourceSize(p));
            if (shared <= (pool ? 0 : 0.1)) continue;
            warnings.Add(Invariant(
                $"{group.Key}: two neurons share {shared:P1} of their inputs from this {(pool ? "pool" : "population")} on average, ")
                + "which correlates them; inputs are taken as independent");
        }
    }
}
