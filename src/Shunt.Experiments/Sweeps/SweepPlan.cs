using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Shunt.Experiments;

/// <summary>
/// Every point of a sweep, without any of them in memory: the product of the axes, of which those with random values vary together, times the
/// repetitions, which differ in the seed.
/// </summary>
public sealed class SweepPlan
{
    private const int MostPoints = 1_000_000;
    private const string Seed = "simulation.seed";

    private readonly ExperimentFile file;
    private readonly SweepAxis[] factors; // axes that vary on their own; one of those that vary together stands for all
    private readonly ulong seed;

    private SweepPlan(ExperimentFile file, Experiment atFirst, IReadOnlyList<SweepAxis> axes, int repetitions)
    {
        this.file = file;
        Axes = axes;
        Repetitions = repetitions;
        factors = [.. axes.Where(a => !a.IsRandom), .. axes.Where(a => a.IsRandom).Take(1)];
        seed = atFirst.Simulation.Seed;
        double count = factors.Aggregate((double)repetitions, (n, a) => n * a.Values.Count);
        if (count > MostPoints)
            throw new ExperimentFileException([new Place("--sweep", 0, 0).Problem("", FormattableString.Invariant($"{count:G6} points; at most {MostPoints}"))]);
        Count = (int)count;
    }

    /// <summary>The axes, in the order they were asked for.</summary>
    public IReadOnlyList<SweepAxis> Axes { get; }

    /// <summary>How often each point is repeated with another seed.</summary>
    public int Repetitions { get; }

    /// <summary>Number of points, repetitions included.</summary>
    public int Count { get; }

    /// <summary>The experiment file without the sweep, overrides applied.</summary>
    public ExperimentFile File => file;

    /// <summary>Plans a sweep. Nothing is checked but the axes; <see cref="At"/> checks a point.</summary>
    /// <param name="file">The experiment.</param>
    /// <param name="sweeps">Each <c>path=start:stop:n[:log][:random] unit</c> or <c>path=value,value,...</c>.</param>
    /// <param name="repetitions">How often each point is repeated, with seeds counted up from the experiment's.</param>
    /// <param name="drawSeed">Seed of random values.</param>
    /// <exception cref="ExperimentFileException">An axis cannot be read, or the experiment is wrong.</exception>
    public static SweepPlan Of(ExperimentFile file, IEnumerable<string> sweeps, int repetitions, ulong drawSeed)
    {
        SweepAxis[] axes = [.. sweeps.Select(s => Sweep.Parse(s, file, drawSeed))];
        Sweep.CheckIndependence(axes);
        ExperimentFileException Wrong(string path, string message) => new([new Place("--sweep", 0, 0).Problem(path, message)]);
        SweepAxis[] random = [.. axes.Where(a => a.IsRandom)];
        if (random.FirstOrDefault(a => a.Values.Count != random[0].Values.Count) is { } other)
        {
            throw Wrong(other.Path, FormattableString.Invariant(
                $"has {other.Values.Count} random values and {random[0].Path} has {random[0].Values.Count}; random axes vary together, so they need the same number"));
        }

        if (repetitions > 1 && axes.FirstOrDefault(a => a.Path == Seed) is not null)
            throw Wrong(Seed, "is swept and repeated; --repeat counts the seed up itself");
        ExperimentFile first = axes.Aggregate(file, (f, a) => f.Put(a.Path, a.Values[0], $"--sweep {a.Path}={a.Values[0]}"));
        return new SweepPlan(file, first.Bind(), axes, repetitions);
    }

    /// <summary>Where a point lies on each axis, and which repetition it is, from 0.</summary>
    /// <param name="index">Number of the point; the repetition varies fastest, then the last axis.</param>
    public (IReadOnlyList<int> Coordinates, int Repetition) Place(int index)
    {
        int repetition = index % Repetitions, rest = index / Repetitions;
        var at = new int[Axes.Count];
        for (int f = factors.Length - 1; f >= 0; f--)
        {
            int k = rest % factors[f].Values.Count;
            rest /= factors[f].Values.Count;
            for (int a = 0; a < at.Length; a++)
            {
                if (Axes[a] == factors[f] || (Axes[a].IsRandom && factors[f].IsRandom)) at[a] = k;
            }
        }

        return (at, repetition);
    }

    /// <summary>A point.</summary>
    /// <param name="index">Its number.</param>
    /// <exception cref="ExperimentFileException">Its values are wrong.</exception>
    public Experiment At(int index)
    {
        (IReadOnlyList<int> at, int repetition) = Place(index);
        ExperimentFile point = file;
        for (int a = 0; a < Axes.Count; a++) point = point.Put(Axes[a].Path, Axes[a].Values[at[a]], $"--sweep {Axes[a].Path}={Axes[a].Values[at[a]]}");
        if (Repetitions > 1) point = point.Put(Seed, (seed + (ulong)repetition).ToString(CultureInfo.InvariantCulture), "--repeat");
        return point.Bind();
    }

    /// <summary>What tells the results of two points apart: the resolved experiment and what is asked of it.</summary>
    /// <param name="experiment">The point.</param>
    /// <param name="what">Theory, simulation, or both.</param>
    internal static string KeyOf(Experiment experiment, string what) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{what}\n{experiment.ResolvedYaml}")))[..32];
}
