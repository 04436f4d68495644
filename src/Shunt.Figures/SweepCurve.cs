using Shunt.Experiments;
using Shunt.Theory;

namespace Shunt.Figures;

/// <summary>One population at one value of every axis but the last.</summary>
internal sealed class SweepCurve
{
    private static readonly Shape[] Shapes = [Shape.Circle, Shape.Square, Shape.Triangle, Shape.Diamond];

    private readonly IReadOnlyList<double> _x;
    private readonly IReadOnlyList<PointResult> _points;
    private readonly IReadOnlyList<IReadOnlyList<ComparisonRow>> _rows;
    private readonly string _values;
    private readonly string _population;
    private readonly int _populationIndex;
    private readonly Colour _colour;
    private readonly Colour _theoryColour;
    private readonly bool _isLine;

    private SweepCurve(
        IReadOnlyList<double> x, bool isLine, IReadOnlyList<PointResult> points, string values, string population, int populationIndex,
            Colour colour, Colour theoryColour)
    {
        _x = x;
        _isLine = isLine;
        _points = points;
        _rows = [.. points.Select(Comparison.Of)];
        _values = values;
        _population = population;
        _populationIndex = populationIndex;
        _colour = colour;
        _theoryColour = theoryColour;
    }

    /// <summary>
    /// All curves of a sweep. With one axis colours tell populations apart and theory is black; with more they tell the values of the other axes
    /// apart, and populations differ in marker and dashes.
    /// </summary>
    /// <param name="run">The run.</param>
    public static IEnumerable<SweepCurve> Of(RunResult run)
    {
        SweepAxis? last = run.Axes.Count > 0 ? run.Axes[^1] : null;
        int length = last is { Values.Count: > 0 } ? last.Values.Count : run.Points.Count;
        PointResult[][] groups = [.. run.Points.Chunk(length)];
        IReadOnlyList<Colour> ordered = Palette.Ordered(groups.Length);
        string[] names = [.. run.Points[0].Experiment.Model.Populations.Select(p => p.Name)];
        IReadOnlyList<Colour> populationColours = Palette.Of(names);
        for (int group = 0; group < groups.Length; group++)
        {
            double[] x = [.. Enumerable.Range(0, groups[group].Length).Select(i => last is null ? i + 1 : last.Numbers[i])];
            string values = ValuesOf(run.Axes, group);
            for (int p = 0; p < names.Length; p++)
            {
                yield return new SweepCurve(
                    x, last is not { IsNumeric: false }, groups[group], values, names[p], p, groups.Length == 1 ? populationColours[p] : ordered[group],
                    groups.Length == 1 ? Palette.Black : ordered[group]);
            }
        }
    }

    /// <summary>
    /// The legend: each population's marker and line; with more than one axis the populations' entries are grey and the values of the other axes have
    /// one of their own each. Fixed points other than the reported one come last.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="curves">Its curves.</param>
    public static IEnumerable<LegendEntry> Legend(RunResult run, IReadOnlyList<SweepCurve> curves)
    {
        bool hasSimulation = run.Points.Any(p => p.Simulation is not null), hasTheory = run.Points.Any(p => p.Theory is not null);
        bool isGrouped = curves.Any(c => c._values.Length > 0);
        foreach (SweepCurve curve in curves.DistinctBy(c => c._population))
        {
            string name = MathText.Escape(curve._population);
            if (hasSimulation) yield return new LegendEntry($"{name}, simulation", isGrouped ? Palette.Grey : curve._colour, null, curve.Marker);
            if (!hasTheory) continue;
            Colour colour = isGrouped ? Palette.Grey : curve._theoryColour;
            yield return curve._isLine
                ? new LegendEntry($"{name}, theory", colour, curve.TheoryDash, null)
                : new LegendEntry($"{name}, theory", colour, null, Shape.Diamond) { IsOpen = true };
        }

        foreach (SweepCurve curve in curves.Where(c => c._values.Length > 0).DistinctBy(c => c._values))
            yield return new LegendEntry(MathText.Escape(curve._values), curve._colour, Dash.Solid, null);

        FixedPoint[] others = [.. run.Points.SelectMany(Others)];
        if (others.Any(f => f.IsStable)) yield return new LegendEntry("other stable state", Palette.Grey, null, Shape.Diamond);
        if (others.Any(f => !f.IsStable)) yield return new LegendEntry("unstable state", Palette.Grey, null, Shape.Diamond) { IsOpen = true };
    }

    /// <summary>Draws theory and simulation of one quantity.</summary>
    /// <param name="marks">Marks of the panel.</param>
    /// <param name="symbol">Symbol of the comparison table.</param>
    public void AddTo(List<Mark> marks, string symbol)
    {
        ComparisonRow?[] rows = [.. _rows.Select(r => r.FirstOrDefault(q => q.Population == _population && q.Symbol == symbol))];
        double[] theory = [.. rows.Select(r => r?.Theory ?? double.NaN)];
        if (theory.Any(double.IsFinite))
        {
            // A prediction without neighbours has no line: a short dash keeps it visible.
            if (_isLine) marks.Add(new Line(_x, theory, _theoryColour, TheoryDash));
            double[] alone = [.. theory.Select((t, i) => !_isLine || IsAlone(theory, i) ? t : double.NaN)];
            if (alone.Any(double.IsFinite))
                marks.Add(new Dots(_x, alone, [.. alone.Select(_ => double.NaN)], _theoryColour, Shape.Diamond) { IsOpen = true });
        }

        if (symbol == "nu") AddOtherFixedPoints(marks);
        double[] measured = [.. rows.Select(r => r?.Simulation ?? double.NaN)];
        if (measured.Any(double.IsFinite))
            marks.Add(new Dots(_x, measured, [.. rows.Select(r => r?.StandardError ?? double.NaN)], _colour, Marker)
            {
                // Later populations are smaller, so that equal results do not hide each other.
                Size = Math.Max(1.5, 2.8 - (0.7 * _populationIndex)),
            });
    }

    private Shape Marker => Shapes[_populationIndex % Shapes.Length];

    private Dash TheoryDash => PointPanels.TheoryDash(_populationIndex);

    private static bool IsAlone(double[] values, int i) =>
        double.IsFinite(values[i]) && !(i > 0 && double.IsFinite(values[i - 1])) && !(i + 1 < values.Length && double.IsFinite(values[i + 1]));

    private static string ValuesOf(IReadOnlyList<SweepAxis> axes, int group)
    {
        var parts = new List<string>();
        for (int axis = axes.Count - 2; axis >= 0; axis--)
        {
            string name = axes[axis].Path[(axes[axis].Path.LastIndexOf('.') + 1)..];
            parts.Insert(0, $"{name} = {axes[axis].Values[group % axes[axis].Values.Count]}");
            group /= axes[axis].Values.Count;
        }

        return string.Join(", ", parts);
    }

    /// <summary>The fixed points of a point other than the one whose rates are reported.</summary>
    private static IEnumerable<FixedPoint> Others(PointResult point)
    {
        if (point.Theory is not { FixedPoints.Count: > 1 } theory) return [];
        double[] reported = [.. theory.Observables.Populations.Select(o => o.Rate.Value)];
        return theory.FixedPoints.Where(f => f.Rates.Count == reported.Length
            && f.Rates.Zip(reported, (a, b) => Math.Abs(a - b) > 1e-6 * Math.Max(1e-3, Math.Abs(b))).Any(differs => differs));
    }

    private void AddOtherFixedPoints(List<Mark> marks)
    {
        foreach (bool isStable in new[] { true, false })
        {
            (double X, double Rate)[] found =
            [
                .. _points.SelectMany((p, i) => Others(p).Where(f => f.IsStable == isStable).Select(f => (_x[i], f.Rates[_populationIndex]))),
            ];
            if (found.Length == 0) continue;
            marks.Add(new Dots([.. found.Select(f => f.X)], [.. found.Select(f => f.Rate)], [.. found.Select(_ => double.NaN)],
                Palette.Grey, Shape.Diamond)
            { IsOpen = !isStable });
        }
    }
}
