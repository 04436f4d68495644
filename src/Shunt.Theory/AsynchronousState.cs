using System.Numerics;
using MathNet.Numerics.LinearAlgebra;
using Shunt.Model;

namespace Shunt.Theory;

/// <summary>
/// Small deviations from a stationary state of a network in which neurons fire asynchronously: its coupling at any complex rate, whether they grow,
/// and the spectrum of the fluctuations that a finite network has. Every neuron is taken at the mean in-degree and its input as white noise; a synapse
/// of time constant tau_S filters what is modulated with 1/(1 + lambda tau_S). Times in s, rates in Hz. Not thread-safe: it remembers the last rate.
/// </summary>
public sealed class AsynchronousState
{
    private readonly int[] classOf;
    private readonly LinearResponse?[] responses; // of each class; null where no neuron fires
    private readonly Synapse[][] kinds; // of each class, in the order of its susceptibilities
    private readonly Link[] links;
    private readonly Pool[] pools;
    private Complex lastRate = new(double.NaN, double.NaN);
    private ResponseAt?[] last = [];

    /// <summary>Prepares a state.</summary>
    /// <param name="model">The network.</param>
    /// <param name="rates">Rate of each population (Hz), in the model's order: a fixed point of <see cref="SelfConsistency"/>.</param>
    /// <param name="noise">How the noise of each neuron depends on V.</param>
    /// <exception cref="ModelException">A population fires without noise.</exception>
    public AsynchronousState(NetworkModel model, IReadOnlyList<double> rates, MembraneNoise noise = MembraneNoise.AtMean)
    {
        Model = model;
        Rates = rates;
        var siegert = new Siegert();
        var equations = new RateEquations(model, siegert);
        classOf = equations.ClassOf;
        var ofClass = new double[equations.Count];
        for (int p = 0; p < rates.Count; p++) ofClass[classOf[p]] = rates[p];
        responses = new LinearResponse?[equations.Count];
        kinds = new Synapse[equations.Count][];
        for (int c = 0; c < responses.Length; c++)
        {
            ReadOnlySpan<Afferent> afferents = equations.Afferents(c, ofClass);
            kinds[c] = [.. afferents.ToArray().Select(a => a.Synapse)];
            if (double.IsPositiveInfinity(siegert.LogPassageTime(equations.Neurons[c], afferents))) continue;
            responses[c] = new LinearResponse(equations.Neurons[c], afferents, noise);
        }

        links = [.. model.Projections.Where(j => model.FindPopulation(j.Source) is not null).Select(Linked)];
        pools =
        [
            .. model.Inputs.Where(i => i is { Wiring: InputWiring.Pool, Rate: > 0 })
                .Select(i => new Pool(i.Rate / i.PoolSize, [.. model.Projections.Where(j => j.Source == i.Name).Select(Linked)])),
        ];
    }

    /// <summary>The network.</summary>
    public NetworkModel Model { get; }

    /// <summary>Stationary rate of each population (Hz).</summary>
    public IReadOnlyList<double> Rates { get; }

    /// <summary>Longest delay between neurons (s).</summary>
    internal double LongestDelay => links.Length == 0 ? 0 : links.Max(l => l.Delay switch
    {
        DelayLaw.Constant c => c.Value,
        DelayLaw.Uniform u => u.Maximum,
        _ => 0,
    });

    /// <summary>Populations that share the same neuron and the same stationary input.</summary>
    internal IEnumerable<int[]> Classes =>
        Enumerable.Range(0, responses.Length).Select(c => Enumerable.Range(0, classOf.Length).Where(p => classOf[p] == c).ToArray());

    /// <summary>The response of a population's neurons; null when they never fire.</summary>
    /// <param name="population">Its number in the model's order.</param>
    public LinearResponse? ResponseOf(int population) => responses[classOf[population]];

    /// <summary>
    /// How strongly the neurons a projection ends on follow a modulation of the rate of its source: K chi_j / (1 + lambda tau_S) (dimensionless), without
    /// the delay; 0 when they never fire.
    /// </summary>
    /// <param name="lambda">lambda (1/s).</param>
    /// <param name="projection">A projection of the network, also one from an external input.</param>
    public Complex Gain(Complex lambda, Projection projection) => Follow(Linked(projection), lambda);

    /// <summary>G(lambda): entry [p, q] is the response of population p to the rate of q: in-degree x chi x delay x synapse, summed over projections.</summary>
    /// <param name="lambda">lambda (1/s).</param>
    public Complex[,] Coupling(Complex lambda)
    {
        int n = classOf.Length;
        var g = new Complex[n, n];
        foreach (Link link in links) g[link.Target, link.Source] += Follow(link, lambda) * Transform(link.Delay, lambda);
        return g;
    }

    /// <summary>det(I - G(lambda)), zero where a deviation e^{lambda t} sustains itself.</summary>
    /// <param name="lambda">lambda (1/s).</param>
    public Complex Determinant(Complex lambda) => OneMinusCoupling(lambda).Determinant();

    /// <summary>
    /// Two-sided power spectrum (spk/s) of each population's rate, the sum of its spike trains divided by the number of neurons:
    /// (I - G)^-1 diag(S_p/N_p) (I - G)^-dagger, S_p the spectrum of a single spike train. An unconnected population has S/N. The units of a shared pool
    /// add g (nu_X/N_X) g^dagger, g being what they do to each population. Meaningful where the state is stable.
    /// </summary>
    /// <param name="frequency">Frequency (Hz); zero or more.</param>
    public double[] PopulationSpectrum(double frequency)
    {
        var lambda = new Complex(0, 2 * Math.PI * frequency);
        int n = classOf.Length;
        Matrix<Complex> inverse = OneMinusCoupling(lambda).Inverse();
        Matrix<Complex> source = Matrix<Complex>.Build.Dense(n, n);
        double[] own = [.. responses.Select(r => r?.PowerSpectrum(frequency) ?? 0)];
        for (int p = 0; p < n; p++) source[p, p] = own[classOf[p]] / Model.Populations[p].Size;
        foreach (Pool pool in pools)
        {
            MathNet.Numerics.LinearAlgebra.Vector<Complex> g = MathNet.Numerics.LinearAlgebra.Vector<Complex>.Build.Dense(n);
            foreach (Link link in pool.Links) g[link.Target] += Follow(link, lambda);
            source += g.OuterProduct(g.Conjugate()) * pool.Density;
        }

        Matrix<Complex> spectrum = inverse * source * inverse.ConjugateTranspose();
        return [.. Enumerable.Range(0, n).Select(p => spectrum[p, p].Real)];
    }

    /// <summary>I - G(lambda).</summary>
    internal Matrix<Complex> OneMinusCoupling(Complex lambda)
    {
        Complex[,] g = Coupling(lambda);
        return Matrix<Complex>.Build.Dense(classOf.Length, classOf.Length, (p, q) => (p == q ? 1 : 0) - g[p, q]);
    }

    /// <summary>Response of a class at lambda; null when it never fires.</summary>
    internal ResponseAt? At(int c, Complex lambda)
    {
        if (lambda != lastRate)
        {
            last = [.. responses.Select(r => r?.At(lambda))];
            lastRate = lambda;
        }

        return last[c];
    }

    private Link Linked(Projection projection)
    {
        int target = NumberOf(projection.Target);
        return new Link(
            NumberOf(projection.Source), target, Model.MeanInDegree(projection), Array.IndexOf(kinds[classOf[target]], projection.Synapse),
            projection.Synapse.TimeConstant, projection.Delay);
    }

    // -1 for an external input
    private int NumberOf(string population) => Model.Populations.Select(p => p.Name).ToList().IndexOf(population);

    private Complex Follow(Link link, Complex lambda) =>
        At(classOf[link.Target], lambda) is { } response
            ? link.InDegree * response.Susceptibilities[link.Kind] / (1 + lambda * link.SynapticTimeConstant)
            : 0;

    /// <summary>
    /// Laplace transform E[e^{-lambda d}] of the distribution of delays d, as the law says: a simulation on a grid rounds them up to whole steps.
    /// </summary>
    /// <param name="delay">The law.</param>
    /// <param name="lambda">lambda (1/s).</param>
    public static Complex Transform(DelayLaw delay, Complex lambda)
    {
        switch (delay)
        {
            case DelayLaw.Constant constant:
                return Complex.Exp(-lambda * constant.Value);
            case DelayLaw.Uniform uniform:
                Complex half = lambda * (uniform.Maximum - uniform.Minimum) / 2;
                Complex shape = Complex.Abs(half) < 1e-3 ? 1 + half * half / 6 * (1 + half * half / 20) : Complex.Sinh(half) / half;
                return Complex.Exp(-lambda * (uniform.Minimum + uniform.Maximum) / 2) * shape;
            default:
                return 1;
        }
    }

    private readonly record struct Link(int Source, int Target, double InDegree, int Kind, double SynapticTimeConstant, DelayLaw Delay);

    private sealed record Pool(double Density, Link[] Links);
}
