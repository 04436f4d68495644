using Shunt.Model;
using static System.FormattableString;

namespace Shunt.Theory;

/// <summary>What the mean-field theory assumes and a given network does not quite satisfy, in sentences with numbers.</summary>
internal static class Assumptions
{
    internal static List<string> Left(
        NetworkModel model, RateEquations equations, TransferFunction transfer, double[] rates, Observables observables, bool isAtMeanInDegree)
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
            if (transfer is not ExactJump) AddLargeJumps(warnings, who, transfer, neuron, input, afferents);
            if (isAtMeanInDegree) AddInDegreeSpread(warnings, who, model, equations, equations.Members[c][0], input, rates);
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
    // with H = -(V - E_L - psi/g_L) p/tau_L + sum_j R_j (e^{p A_j(V)} - 1); a diffusion of constant noise has 2 (H(theta*) - H(mu*))/sigma^2 instead.
    private static void AddLargeJumps(
        List<string> warnings, string who, TransferFunction transfer, Neuron neuron, InputMoments input, ReadOnlySpan<Afferent> afferents)
    {
        var drift = new MembraneDrift(neuron, input);
        bool escapes = drift.Rest < drift.Barrier && double.IsFinite(drift.Barrier) && input.Sigma > 0;
        if (!escapes) return;
        Afferent[] kinds = [.. afferents.ToArray().Where(k => k.Rate > 0)];
        if (kinds.Any(k => k.Synapse.TimeConstant > 0.1 * input.Tau)) return; // no jumps, and warned about elsewhere
        if (!kinds.Any(k => InputMoments.Amplitude(k.Synapse, drift.Barrier) > 0)) return; // no jump leads across the threshold

        bool varies = transfer is MultiplicativeNoise;
        double action = new EscapeAction(neuron, kinds, drift).To(drift.Barrier);
        double exponent = varies
            ? Quadrature.Fine.Integrate(Momentum, drift.Rest, drift.Barrier, 2)
            : 2 * drift.Rise(drift.Rest, drift.Barrier) / (input.Sigma * input.Sigma);
        double shift = exponent - action;
        if (Math.Abs(shift) < 0.1) return;
        double largest = kinds.Max(k => Math.Abs(InputMoments.Amplitude(k.Synapse, input.Mu)));
        warnings.Add(Invariant(
            $"{who}: single inputs move V by up to {largest:G3} mV against sigma = {input.Sigma:G3} mV; ")
            + (varies ? "finite jumps, left out, " : "finite jumps and noise that depends on V, both left out, ")
            + Invariant($"change ln(rate) at fixed input by about {shift:+0.00;-0.00} (leading exponent)"));

        // of a diffusion whose noise depends on V
        double Momentum(double v) => 2 * (v - input.Mu) / (input.Tau * kinds.Sum(k => k.Rate * Math.Pow(InputMoments.Amplitude(k.Synapse, v), 2)));
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
