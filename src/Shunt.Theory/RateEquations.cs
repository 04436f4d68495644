using Shunt.Model;

namespace Shunt.Theory;

/// <summary>
/// The self-consistency equations nu_c = F_c(nu) of a network, one per class of populations. Populations are put in one class when they must fire
/// alike in every state: same neuron, and the same total in-degree, with the same spread, through the same synapses from the same classes. (Populations that merely mirror
/// each other keep their own equations, because their symmetry can break.) Not thread-safe: it reuses its buffers.
/// </summary>
internal sealed class RateEquations
{
    private readonly TransferFunction transfer;
    private readonly Input[][] inputs;
    private readonly Afferent[][] buffers;

    internal RateEquations(NetworkModel model, TransferFunction transfer)
    {
        this.transfer = transfer;
        ClassOf = Classes(model);
        Count = ClassOf.Max() + 1;
        Members = [.. Enumerable.Range(0, Count).Select(c => model.Populations.Where((_, p) => ClassOf[p] == c).ToArray())];
        Neurons = [.. Members.Select(m => m[0].Neuron)];
        inputs = [.. Members.Select(m => Inputs(model, ClassOf, m[0]))];
        buffers = [.. inputs.Select(i => new Afferent[i.Length])];
        Components = ComponentsInOrder();
    }

    /// <summary>Number of classes.</summary>
    internal int Count { get; }

    /// <summary>Class of each population, in the model's order.</summary>
    internal int[] ClassOf { get; }

    /// <summary>Populations of each class.</summary>
    internal Population[][] Members { get; }

    /// <summary>Neuron of each class.</summary>
    internal Neuron[] Neurons { get; }

    /// <summary>Groups of classes that drive each other, sources before targets.</summary>
    internal IReadOnlyList<int[]> Components { get; }

    /// <summary>Input of a class when the classes fire at the given rates; the span is valid until the next call for the same class.</summary>
    internal ReadOnlySpan<Afferent> Afferents(int c, ReadOnlySpan<double> rates)
    {
        Input[] input = inputs[c];
        Afferent[] buffer = buffers[c];
        for (int i = 0; i < input.Length; i++)
        {
            double rate = input[i].ExternalRate;
            foreach (Recurrent r in input[i].Recurrent) rate += r.InDegree * rates[r.Source];
            buffer[i] = new Afferent(rate, input[i].Synapse);
        }

        return buffer;
    }

    /// <summary>
    /// Mean and spread over neurons of each input of a class (Eq. F1): the variance of the total rate through a kind of synapse is
    /// sum_p [SD(K_p)^2 r_p^2 + K_p Dnu_p^2].
    /// </summary>
    /// <param name="c">The class.</param>
    /// <param name="rates">Mean rate of each class (Hz).</param>
    /// <param name="rateSds">Spread of the rates over the neurons of each class (Hz); zero leaves out the term Dnu^2/K of Eq. F1.</param>
    internal SpreadAfferent[] SpreadAfferents(int c, ReadOnlySpan<double> rates, ReadOnlySpan<double> rateSds)
    {
        ReadOnlySpan<Afferent> means = Afferents(c, rates);
        var spread = new SpreadAfferent[means.Length];
        for (int i = 0; i < spread.Length; i++)
        {
            double variance = inputs[c][i].ExternalVariance;
            foreach (Recurrent r in inputs[c][i].Recurrent)
                variance += r.InDegreeVariance * rates[r.Source] * rates[r.Source] + r.InDegree * rateSds[r.Source] * rateSds[r.Source];
            spread[i] = new SpreadAfferent(means[i], Math.Sqrt(variance));
        }

        return spread;
    }

    /// <summary>Rates over the neurons of a class with such inputs; an earlier distribution saves work.</summary>
    internal RateDistribution Distribution(int c, SpreadAfferent[] spread, RateDistribution? earlier) =>
        RateDistribution.Of(transfer, Neurons[c], spread, earlier);

    /// <summary>Whether in-degrees vary anywhere, so that neurons of a population fire at different rates.</summary>
    internal bool IsHeterogeneous => inputs.Any(c => c.Any(i => i.ExternalVariance > 0 || i.Recurrent.Any(r => r.InDegreeVariance > 0)));

    /// <summary>Whether the transfer function is expensive.</summary>
    internal bool IsExpensive => transfer.IsExpensive;

    /// <summary>ln of the passage time of a class, ln(1/F - tau_rp).</summary>
    internal double LogTime(int c, ReadOnlySpan<double> rates) => transfer.LogPassageTime(Neurons[c], Afferents(c, rates));

    /// <summary>Whether a class hears another directly.</summary>
    internal bool IsDriven(int target, int source) => inputs[target].Any(i => i.Recurrent.Any(r => r.Source == source && r.InDegree > 0));

    /// <summary>Rate (Hz) of a class from x = -ln T, which runs over all reals and resolves both silence and saturation.</summary>
    internal double Rate(int c, double x) => 1 / (Neurons[c].RefractoryPeriod + Math.Exp(-x));

    private static int[] Classes(NetworkModel model)
    {
        int[] classOf = [.. Enumerable.Range(0, model.Populations.Count)];
        while (true)
        {
            var kinds = new List<(Neuron Neuron, Input[] Inputs)>();
            int[] next = [.. model.Populations.Select(p =>
            {
                Input[] inputs = Inputs(model, classOf, p);
                int known = kinds.FindIndex(k => k.Neuron == p.Neuron && Alike(k.Inputs, inputs));
                if (known >= 0) return known;
                kinds.Add((p.Neuron, inputs));
                return kinds.Count - 1;
            })];
            if (next.SequenceEqual(classOf)) return classOf;
            classOf = next;
        }
    }

    // the same kinds of input in any order; each kind of synapse occurs once
    private static bool Alike(Input[] one, Input[] other) =>
        one.Length == other.Length
        && one.All(i => Array.Exists(
            other,
            o => o.Synapse == i.Synapse && o.ExternalRate.Equals(i.ExternalRate) && o.ExternalVariance.Equals(i.ExternalVariance)
                && o.Recurrent.AsSpan().SequenceEqual(i.Recurrent)));

    private static Input[] Inputs(NetworkModel model, int[] classOf, Population population)
    {
        string[] names = [.. model.Populations.Select(p => p.Name)];
        return
        [
            .. model.Onto(population.Name).GroupBy(p => p.Synapse).Select(group => new Input(
                group.Key,
                group.Where(p => model.FindInput(p.Source) is not null).Sum(p => model.MeanInDegree(p) * model.FindInput(p.Source)!.Rate),
                group.Where(p => model.FindInput(p.Source) is not null).Sum(p => Variance(model, p) * Square(model.FindInput(p.Source)!.Rate)),
                [
                    .. group.Where(p => model.FindInput(p.Source) is null)
                        .GroupBy(p => classOf[Array.IndexOf(names, p.Source)])
                        .OrderBy(sources => sources.Key)
                        .Select(sources => new Recurrent(sources.Key, sources.Sum(model.MeanInDegree), sources.Sum(p => Variance(model, p)))),
                ])),
        ];
    }

    private static double Variance(NetworkModel model, Projection projection) =>
        Square(projection.InDegree.StandardDeviation(model.SourceSize(projection)));

    private static double Square(double x) => x * x;

    private List<int[]> ComponentsInOrder()
    {
        var reaches = new bool[Count, Count]; // reaches[s, t]: activity of s influences t
        for (int t = 0; t < Count; t++)
        {
            for (int s = 0; s < Count; s++) reaches[s, t] = s == t || IsDriven(t, s);
        }

        for (int via = 0; via < Count; via++)
        {
            for (int s = 0; s < Count; s++)
            {
                for (int t = 0; t < Count; t++) reaches[s, t] |= reaches[s, via] && reaches[via, t];
            }
        }

        int[] all = [.. Enumerable.Range(0, Count)];
        return
        [
            .. all.GroupBy(c => all.First(d => reaches[c, d] && reaches[d, c]))
                .Select(group => group.ToArray())
                .OrderBy(group => all.Count(s => reaches[s, group[0]])), // whatever drives a group is driven by fewer
        ];
    }

    /// <summary>All input through one kind of synapse.</summary>
    private sealed record Input(Synapse Synapse, double ExternalRate, double ExternalVariance, Recurrent[] Recurrent);

    private readonly record struct Recurrent(int Source, double InDegree, double InDegreeVariance);
}
