using Shunt.Experiments;
using Shunt.Model;
using Shunt.Theory;

namespace Shunt.Figures;

/// <summary>The figures of a run.</summary>
public static class RunFigures
{
    private const int MostColumns = 3;
    private const int CharactersUnderPanel = 30;
    private const int MostTraces = 3;
    private const double HeightOfTrace = 27;
    private const double HeightOfTitles = 3;
    private const double HeightOfTimeAxis = 8;
    private const string DensityReading =
        "Densities are per mV over non-refractory time; they integrate to $1 - \\nu \\tau_\\mathrm{rp}$.";

    private static readonly (string Symbol, string Title, bool FromZero)[] SweptQuantities =
    [
        ("nu", @"Firing rate $\nu$ (Hz)", true),
        ("CV", "CV of interspike intervals", true),
        ("<V>", @"Mean potential $\langle V\rangle$ (mV)", false),
        ("sigma_V", @"SD of potential $\sigma_V$ (mV)", true),
        ("tau", @"Time constant $\tau$ (ms)", true),
        ("mu", @"Free-membrane mean $\mu$ (mV)", false),
    ];

    /// <summary>
    /// All figures of a run, the overview <c>summary</c> first. A run with one point gives <c>activity</c>, <c>traces</c>, <c>membrane</c> and
    /// <c>distributions</c> as well, as far as it was simulated or predicted; a sweep is all in its overview.
    /// </summary>
    /// <param name="run">The run.</param>
    public static IReadOnlyList<Figure> Of(RunResult run)
    {
        if (run.Points.Count == 0) return [];
        return run.Axes.Count > 0 || run.Points.Count > 1 ? [Sweep(run)] : Point(run.Points[0]);
    }

    private static List<Figure> Point(PointResult point)
    {
        var panels = new PointPanels(point);
        bool isSimulated = point.Simulation is not null;
        var figures = new List<Figure>();
        if (isSimulated) figures.Add(Summary(point, panels));
        if (isSimulated) figures.Add(Activity(point, panels));
        if (panels.Traced > 0) figures.Add(Traces(point, panels));
        if (HasDensity(point)) figures.Add(Membrane(point, panels, isSimulated ? "membrane" : "summary"));
        if (isSimulated || HasRates(point)) figures.Add(Distributions(point, panels));
        return figures;
    }

    private static bool HasDensity(PointResult point) =>
        (point.Theory?.Observables.Populations ?? []).Concat(point.Simulation?.Observables.Populations ?? []).Any(o => o.Density is not null);

    private static bool HasRates(PointResult point) => point.Theory?.Observables.Populations.Any(o => o.Rates is not null) ?? false;

    private static Figure Summary(PointResult point, PointPanels panels)
    {
        int[] all = [.. Enumerable.Range(0, point.Experiment.Model.Populations.Count)];
        return new Figure
        {
            Name = "summary",
            Caption = "The network at a glance. (A) Spikes of the first neurons and, below, the rate of each population. (B) Membrane potential of "
                + "one neuron of the first population; strokes are spikes. (C) Distribution of the membrane potential. (D) Distribution of the "
                + "rates of single neurons. (E) Distribution of their CVs. (F) Simulation minus theory in percent of theory"
                + (point.Theory is null ? ", here without theory. " : "; bars are standard errors. ")
                + LineReading(point),
            AlternativeText = $"Overview of {point.Experiment.Name} in six panels: raster with population rate, membrane potential of a neuron, its "
                + "distribution, distributions of rates and CVs over neurons, and the difference between simulation and theory.",
            Height = 112,
            Rows = [1.0, 0.55, 1.4],
            Columns = [1, 1, 1],
            Panels =
            [
                new PlacedPanel(panels.Raster(hasTimeLabels: false), 0, 0),
                new PlacedPanel(panels.RateInTime(), 1, 0) { HasLetter = false },
                new PlacedPanel(panels.Trace(0, 0), 0, 1, 2),
                new PlacedPanel(panels.Density(all), 0, 2, 2),
                new PlacedPanel(panels.RateDistribution(), 2, 0),
                new PlacedPanel(panels.CvDistribution(), 2, 1),
                new PlacedPanel(panels.Agreement(), 2, 2),
            ],
            Legend = panels.Legend(),
        };
    }

    private static Figure Activity(PointResult point, PointPanels panels) => new()
    {
        Name = "activity",
        Caption = "(A) Spikes of the first neurons of each population. (B) Rate of each population. " + LineReading(point),
        AlternativeText = "Raster of spikes above the rate of each population against time.",
        Height = 95,
        Rows = [2, 1.1],
        Panels = [new PlacedPanel(panels.Raster(hasTimeLabels: false), 0, 0), new PlacedPanel(panels.RateInTime(), 1, 0)],
        Legend = panels.Legend(),
    };

    private static Figure Traces(PointResult point, PointPanels panels)
    {
        IReadOnlyList<Population> populations = point.Experiment.Model.Populations;
        int rows = Math.Min(MostTraces, panels.Traced), columns = Math.Min(MostColumns, populations.Count);
        var placed = new List<PlacedPanel>();
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                Panel panel = panels.Trace(column, row, panels.LowestPotential(column));
                placed.Add(new PlacedPanel(
                    panel with
                    {
                        X = row == rows - 1 ? panel.X : panel.X with { Title = "", HasLabels = false },
                        Title = row == 0 ? MathText.Escape(populations[column].Name) : "",
                    },
                    row,
                    column)
                { HasLetter = row == 0 });
            }
        }

        return new Figure
        {
            Name = "traces",
            Caption = "Membrane potentials of the first traced neurons of each population. Vertical strokes are spikes, drawn above the threshold "
                + "(dashed); after a spike the potential stays at the reset for the refractory period.",
            AlternativeText = $"Membrane potential against time of {rows} neurons of each population.",
            Height = HeightOfTitles + HeightOfTimeAxis + (HeightOfTrace * rows),

            // The first row also holds the titles and the last the time axis; the plot areas are equal.
            Rows = [.. Enumerable.Range(0, rows).Select(r => HeightOfTrace + (r == 0 ? HeightOfTitles : 0) + (r == rows - 1 ? HeightOfTimeAxis : 0))],
            Columns = Equal(columns),
            Panels = placed,
        };
    }

    private static Figure Membrane(PointResult point, PointPanels panels, string name)
    {
        IReadOnlyList<Population> populations = point.Experiment.Model.Populations;
        int columns = Math.Min(MostColumns, populations.Count), rows = (populations.Count + columns - 1) / columns;
        return new Figure
        {
            Name = name,
            Caption = $"Distribution of the membrane potential of each population. {DensityReading} {LineReading(point)}",
            AlternativeText = "Probability density of the membrane potential of each population, with threshold and reset marked.",
            Width = columns == 1 ? 89 : 178,
            Height = 14 + (56 * rows),
            Rows = Equal(rows),
            Columns = Equal(columns),
            Panels =
            [
                .. populations.Select((p, i) => new PlacedPanel(panels.Density(i) with { Title = MathText.Escape(p.Name) }, i / columns, i % columns)
                { HasLetter = populations.Count > 1 }),
            ],
            Legend = panels.Legend(),
        };
    }

    private static Figure Distributions(PointResult point, PointPanels panels)
    {
        const string rates = "Rates; neurons without a spike count in the whole but have no place on a logarithmic axis.";
        string theory = HasRates(point) ? " Black curves are the distribution that theory predicts, to which a measured one adds the randomness of spike counts."
            : point.Theory is null ? "" : " Vertical black lines are what theory predicts for the population.";
        bool isSimulated = point.Simulation is not null;
        return new Figure
        {
            Name = "distributions",
            Caption = isSimulated
                ? $"How the neurons differ. (A) {rates} (B) CVs of interspike intervals, of neurons with enough of them.{theory}"
                : $"How the neurons' rates differ.{theory}",
            AlternativeText = isSimulated ? "Histograms over neurons of firing rates and of coefficients of variation." : "Distribution of firing rates over neurons.",
            Height = 68,
            Width = isSimulated ? 178 : 89,
            Columns = isSimulated ? [1, 1] : [1],
            Panels = isSimulated
                ? [new PlacedPanel(panels.RateDistribution(), 0, 0), new PlacedPanel(panels.CvDistribution(), 0, 1)]
                : [new PlacedPanel(panels.RateDistribution(), 0, 0) { HasLetter = false }],
            Legend = panels.Legend(),
        };
    }

    private static string LineReading(PointResult point) => (point.Theory, point.Simulation) switch
    {
        (null, _) => "Colours are the populations.",
        (_, null) => "Black lines are theory.",
        _ => "Colours are simulation, black lines theory.",
    };

    private static double[] Equal(int count) => [.. Enumerable.Repeat(1.0, count)];

    private static Figure Sweep(RunResult run)
    {
        SweepAxis? last = run.Axes.Count > 0 ? run.Axes[^1] : null;
        SweepCurve[] curves = [.. SweepCurve.Of(run)];
        var panels = new List<Panel>();
        foreach ((string symbol, string title, bool fromZero) in SweptQuantities)
        {
            var marks = new List<Mark>();
            foreach (SweepCurve curve in curves) curve.AddTo(marks, symbol);
            bool hasData = marks.SelectMany(m => m.Extent).Any(p => double.IsFinite(p.X) && double.IsFinite(p.Y));
            if (!hasData && panels.Count >= 2) continue;
            string axisTitle = last is null ? "Point" : AxisTitle(last);
            panels.Add(new Panel(
                new PanelAxis(axisTitle) { IsLogarithmic = IsLogarithmic(last), NamedTicks = Words(last) },
                new PanelAxis(title) { FromZero = fromZero },
                marks)
            {
                Note = hasData ? "" : symbol == "nu" ? "nothing known" : "too few spikes",
            });
        }

        int columns = panels.Count is 2 or 4 ? 2 : MostColumns;
        int rows = (panels.Count + columns - 1) / columns;
        IReadOnlyList<LegendEntry> legend =
        [
            .. SweepCurve.Legend(run, curves),
            .. last is { IsNumeric: false } && !WordsFit(last)
                ? last.Numbers.Zip(last.Values, (n, v) => new LegendEntry($"{Ordinal(n)} {MathText.Escape(v)}", Palette.Black, null, null))
                : [],
        ];
        string others = string.Join(", ", run.Axes.SkipLast(1).Select(a => a.Path));
        string swept = last is null ? "the points" : last.Path;
        return new Figure
        {
            Name = "summary",
            Caption = $"What changes with {MathText.Escape(swept)}. Lines are theory, markers simulation; bars are standard errors"
                + (others.Length > 0 ? $"; one curve for each value of {MathText.Escape(others)}." : "."),
            AlternativeText = $"Firing rate, CV and membrane statistics against {swept}, theory and simulation.",
            Height = 8 + (rows * (columns == 2 ? 62 : 52)) + (legend.Count > 5 ? 5 : 0),
            Rows = Equal(rows),
            Columns = Equal(columns),
            Panels = [.. panels.Select((p, i) => new PlacedPanel(p, i / columns, i % columns))],
            Legend = legend,
        };
    }

    private static bool IsLogarithmic(SweepAxis? axis) => axis is { IsLogarithmic: true } && axis.Numbers.All(n => n > 0);

    // words at the axis where there is room for them; numbers otherwise, which the legend explains
    private static IReadOnlyList<KeyValuePair<double, string>>? Words(SweepAxis? axis) =>
        axis is { IsNumeric: false } ? [.. axis.Numbers.Zip(WordsFit(axis) ? axis.Values : [.. axis.Numbers.Select(Ordinal)], KeyValuePair.Create)] : null;

    private static bool WordsFit(SweepAxis axis) => axis.Values.Sum(v => v.Length + 2) <= CharactersUnderPanel;

    private static string Ordinal(double number) => number.ToString("F0", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>What an axis of a sweep is called in a figure.</summary>
    internal static string AxisTitle(SweepAxis axis)
    {
        string name = axis.Path switch
        {
            "input.rate" => @"Input rate $\nu_X$",
            "input.eta" => @"Inhibitory to excitatory input $\eta$",
            "coupling.K" => "In-degree $K$",
            "coupling.a" => "Efficacy $a$",
            "coupling.g" => "Relative inhibition $g$",
            "coupling.gamma" => @"Ratio of in-degrees $\gamma$",
            "coupling.in_degree_cv" => @"CV of in-degrees $\mathrm{CV}_K$",
            "input.in_degree_cv" => @"CV of input in-degrees $\mathrm{CV}_{K,X}$",
            "neuron.tau_m" => @"Membrane time constant $\tau_\mathrm{L}$",
            "synapses.tau_syn" => @"Synaptic time constant $\tau_\mathrm{S}$",
            "simulation.dt" => @"Time step $\mathrm{d}t$",
            _ => MathText.Escape(axis.Path),
        };
        return axis.Unit.Length > 0 ? $"{name} ({MathText.Escape(axis.Unit)})" : name;
    }
}
