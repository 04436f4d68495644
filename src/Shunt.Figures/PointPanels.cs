using Shunt.Experiments;
using Shunt.Model;
using Shunt.Simulation;

namespace Shunt.Figures;

/// <summary>The panels that one point of a run can fill. A panel that lacks its data says so.</summary>
internal sealed class PointPanels
{
    private const double MillisecondsPerSecond = 1e3;
    private const int MostTimeBins = 250;
    private const int MostVoltageBins = 110;
    private const int NeuronBins = 32;
    private const int FewestNeurons = 5;

    // of the rates between which one in a million neurons lies on either side: nine standard deviations, of 0.54 in ln nu as for a measured one
    private const double BroadPrediction = 150;
    private const int LongestName = 12;

    private readonly PointResult _point;
    private readonly IReadOnlyList<Population> _populations;
    private readonly IReadOnlyList<Colour> _colours;

    /// <summary>Panels of a point.</summary>
    /// <param name="point">The point.</param>
    public PointPanels(PointResult point)
    {
        _point = point;
        _populations = point.Experiment.Model.Populations;
        _colours = Palette.Of(_populations.Select(p => p.Name));
    }

    /// <summary>Dashes of theory: one kind per population, because all of theory is black.</summary>
    /// <param name="population">Index of the population.</param>
    public static Dash TheoryDash(int population) => (Dash)(population % 4);

    /// <summary>Spikes against time, populations above each other.</summary>
    /// <param name="hasTimeLabels">Whether the time axis is labelled; not when a panel below shares it.</param>
    public Panel Raster(bool hasTimeLabels)
    {
        var marks = new List<Mark>();
        var names = new List<KeyValuePair<double, string>>();
        int floor = 0;
        for (int p = 0; p < _populations.Count; p++)
        {
            if (Record(p) is not { } record) continue;
            int neurons = Math.Min(_populations[p].Size, _point.Experiment.Simulation.RasterNeurons);
            if (record.RasterNeurons.Count > 0) neurons = Math.Max(neurons, record.RasterNeurons.Max() + 1);
            double height = Math.Max(1, neurons / 50.0);
            double[] from = [.. record.RasterNeurons.Select(n => floor + n + 0.5 - (height / 2))];
            marks.Add(new Strokes([.. record.RasterTimes.Select(SinceStart)], from, [.. from.Select(y => y + height)], _colours[p], 0.7));
            names.Add(new(floor + (neurons / 2.0), MathText.Escape(Shortened(_populations[p].Name))));
            floor += neurons + Math.Max(1, neurons / 30);
        }

        bool hasSpikes = _point.Simulation?.Populations.Any(r => r.RasterTimes.Count > 0) ?? false;
        return new Panel(
            TimeAxis(RasterMilliseconds) with { Title = hasTimeLabels ? "Time (ms)" : "", HasLabels = hasTimeLabels },
            new PanelAxis("Neuron") { NamedTicks = names, Minimum = -1, Maximum = Math.Max(1, floor) },
            marks)
        {
            Note = _point.Simulation is null ? "not simulated" : hasSpikes ? "" : "no spikes",
        };
    }

    /// <summary>Rate of each population against time, with theory's constant.</summary>
    public Panel RateInTime()
    {
        var marks = new List<Mark>();
        SimulationRecord? simulation = _point.Simulation;
        for (int p = 0; p < _populations.Count; p++)
        {
            if (Record(p) is { } record)
            {
                int shown = Math.Min(record.RateSeries.Count, (int)Math.Ceiling(RasterMilliseconds / MillisecondsPerSecond / simulation!.RateBin));
                int merged = Math.Max(1, (int)Math.Ceiling((double)shown / MostTimeBins));
                double[][] chunks = [.. record.RateSeries.Take(shown).Chunk(merged)];
                double bin = simulation.RateBin * MillisecondsPerSecond;
                marks.Add(new Line([.. chunks.Select((c, i) => ((i * merged) + (c.Length / 2.0)) * bin)],
                    [.. chunks.Select(c => c.Average())], _colours[p], Width: 0.8));
            }

            // Theory on top of the fluctuating lines, or it could not be seen.
            if (TheoryOf(p) is { Rate.IsKnown: true } theory)
                marks.Add(new Rule(theory.Rate.Value, false, "", Palette.Black, TheoryDash(p)) { IsAbove = true });
        }

        return new Panel(TimeAxis(RasterMilliseconds), new PanelAxis("Rate (Hz)") { FromZero = true }, marks)
        {
            Note = simulation is null ? "not simulated" : "",
        };
    }

    /// <summary>How many traced neurons every population with traces has at least; 0 when nothing was traced.</summary>
    public int Traced => _point.Simulation is null ? 0 : _point.Simulation.Populations.Select(p => p.Traces.Count).DefaultIfEmpty(0).Max();

    /// <summary>Just below the lowest potential that any of a population's traced neurons reached (mV); NaN without traces.</summary>
    /// <param name="population">Index of the population.</param>
    public double LowestPotential(int population) =>
        Record(population)?.Traces.SelectMany(t => t.Voltage).Where(double.IsFinite).DefaultIfEmpty(double.NaN).Min() - 1 ?? double.NaN;

    /// <summary>Membrane potential of one neuron, spikes as strokes above the threshold.</summary>
    /// <param name="population">Index of the population.</param>
    /// <param name="traced">Which of its traced neurons.</param>
    /// <param name="lowest">Lower end of the potential (mV), when panels share it.</param>
    public Panel Trace(int population, int traced, double lowest = double.NaN)
    {
        var marks = new List<Mark>();
        Neuron neuron = _populations[population].Neuron;
        VoltageTrace? trace = Record(population)?.Traces.ElementAtOrDefault(traced);
        double end = _point.Experiment.Simulation.TraceDuration * MillisecondsPerSecond;
        double peak = neuron.Threshold + (1.3 * (neuron.Threshold - neuron.Reset));
        if (trace is { Time.Count: > 0 })
        {
            end = SinceStart(trace.Time[^1]);
            marks.Add(new Line([.. trace.Time.Select(SinceStart)], trace.Voltage, _colours[population], Width: 0.8));
            double[] spikes = [.. trace.Spikes.Select(SinceStart)];
            marks.Add(new Strokes(spikes, [.. spikes.Select(_ => neuron.Threshold)], [.. spikes.Select(_ => peak)], _colours[population], 0.9));
        }

        marks.Add(new Rule(neuron.Threshold, false, @"$V_\mathrm{th}$", Palette.Grey));
        return new Panel(TimeAxis(end), new PanelAxis("$V$ (mV)") { Minimum = lowest, Maximum = peak + 2 }, marks)
        {
            Note = _point.Simulation is null ? "not simulated" : trace is { Time.Count: > 0 } ? "" : "no trace",
        };
    }

    /// <summary>Membrane density of some populations, measured and predicted, with threshold and reset.</summary>
    /// <param name="populations">Indices of the populations.</param>
    public Panel Density(params IReadOnlyList<int> populations)
    {
        var marks = new List<Mark>();
        foreach (int p in populations)
        {
            Neuron neuron = _populations[p].Neuron;
            marks.Add(new Rule(neuron.Threshold, true, @"$V_\mathrm{th}$", Palette.Grey));
            marks.Add(new Rule(neuron.Reset, true, @"$V_\mathrm{r}$", Palette.Grey, Dash.Dotted));
        }

        marks = [.. marks.Distinct()];
        int rules = marks.Count;
        foreach (int p in populations)
        {
            if (MeasuredOf(p)?.Density is { Voltage.Count: > 1 } density) marks.Add(Bars(density, _colours[p]));
        }

        foreach (int p in populations)
        {
            if (TheoryOf(p)?.Density is { Voltage.Count: > 1 } density) marks.Add(Visible(density, TheoryDash(p)));
        }

        return new Panel(new PanelAxis("$V$ (mV)"), new PanelAxis("$P(V)$ (mV$^{-1}$)") { FromZero = true }, marks)
        {
            Note = marks.Count > rules ? "" : "no density",
        };
    }

    /// <summary>Distribution of the neurons' rates, with the one that theory predicts or, where all neurons are alike to it, its rate.</summary>
    public Panel RateDistribution()
    {
        double[][] rates = [.. _populations.Select((_, p) => Finite(Record(p)?.NeuronRates))];
        double[] positive = [.. rates.SelectMany(r => r).Where(r => r > 0).Order()];
        double resolution = _point.Simulation is { Duration: > 0 } simulation ? 1 / simulation.Duration : 1;
        RateDensity?[] predicted = [.. _populations.Select((_, p) => TheoryOf(p)?.Rates)];
        bool isBroad = _point.Simulation is null
            ? predicted.Any(d => d is not null && d.Rate[^1] > BroadPrediction * d.Rate[0])
            : positive.Length > 20 && positive[(int)(0.95 * positive.Length)] > 6 * positive[(int)(0.05 * positive.Length)];
        var marks = new List<Mark>();
        string note = _point.Simulation is null && predicted.Any(d => d is not null) ? "" : WhyNoDistribution(positive.Length, "no spikes");
        if (note.Length == 0 && positive.Length > 0)
        {
            double[] edges = isBroad ? LogarithmicEdges(positive[0], positive[^1], resolution) : LinearEdges(positive[0], positive[^1], resolution);
            for (int p = 0; p < rates.Length; p++) AddHistogram(marks, p, rates[p], edges, isBroad);
        }

        for (int p = 0; p < _populations.Count && note.Length == 0; p++)
        {
            if (predicted[p] is { } density) marks.Add(Visible(density, TheoryDash(p), isBroad));
            else if (TheoryOf(p) is { Rate.IsKnown: true } theory && (!isBroad || theory.Rate.Value > 0))
                marks.Add(new Rule(theory.Rate.Value, true, "", Palette.Black, TheoryDash(p)));
        }

        return new Panel(
            new PanelAxis(@"Firing rate $\nu_i$ (Hz)") { IsLogarithmic = isBroad },
            new PanelAxis(isBroad ? "Neurons (per decade)" : "Neurons (Hz$^{-1}$)") { FromZero = true },
            marks)
        {
            Note = note,
        };
    }

    /// <summary>Distribution of the neurons' CVs, with the value that theory predicts.</summary>
    public Panel CvDistribution()
    {
        double[][] cvs = [.. _populations.Select((_, p) => Finite(Record(p)?.NeuronCvs))];
        double[] all = [.. cvs.SelectMany(c => c)];
        var marks = new List<Mark>();
        string note = WhyNoDistribution(all.Length, "too few intervals");
        if (note.Length == 0)
        {
            double[] edges = LinearEdges(all.Min(), all.Max(), 1e-6);
            for (int p = 0; p < cvs.Length; p++) AddHistogram(marks, p, cvs[p], edges, false);
        }

        for (int p = 0; p < _populations.Count; p++)
        {
            if (note.Length == 0 && TheoryOf(p) is { CvIsi.IsKnown: true } theory)
                marks.Add(new Rule(theory.CvIsi.Value, true, "", Palette.Black, TheoryDash(p)));
        }

        return new Panel(new PanelAxis("CV of interspike intervals"), new PanelAxis("Neurons (density)") { FromZero = true }, marks)
        {
            Note = note,
        };
    }

    /// <summary>How far each measured quantity is from its prediction, in percent of the prediction.</summary>
    public Panel Agreement()
    {
        (string Quantity, string Label)[] quantities = [("nu", @"$\nu$"), ("CV", "CV"), ("sigma_V", "$\\sigma_V$"), ("tau", @"$\tau$")];
        IReadOnlyList<ComparisonRow> rows = Comparison.Of(_point);
        var marks = new List<Mark>();
        for (int p = 0; p < _populations.Count; p++)
        {
            double shift = _populations.Count == 1 ? 0 : 0.3 * ((p / (_populations.Count - 1.0)) - 0.5);
            var x = new List<double>();
            var y = new List<double>();
            var error = new List<double>();
            for (int q = 0; q < quantities.Length; q++)
            {
                ComparisonRow? row = rows.FirstOrDefault(r => r.Population == _populations[p].Name && r.Symbol == quantities[q].Quantity);
                if (row is null || !double.IsFinite(row.DifferencePercent)) continue;
                x.Add(row.DifferencePercent);
                y.Add(quantities.Length - 1 - q - shift);
                error.Add(row.StandardError / Math.Abs(row.Theory) * 100);
            }

            if (x.Count > 0) marks.Add(new Dots(x, y, error, _colours[p]) { IsErrorHorizontal = true });
        }

        bool isKnown = marks.Count > 0;
        marks.Insert(0, new Rule(0, true, "", Palette.Black, Dash.Solid));
        return new Panel(
            new PanelAxis("Simulation − theory (%)"),
            new PanelAxis("")
            {
                NamedTicks = [.. quantities.Select((q, i) => new KeyValuePair<double, string>(quantities.Length - 1 - i, q.Label))],
                Minimum = -0.6,
                Maximum = quantities.Length - 0.4,
            },
            marks)
        {
            Note = isKnown ? "" : _point.Theory is null ? "no theory to compare" : _point.Simulation is null ? "not simulated" : "nothing to compare",
        };
    }

    /// <summary>Entries for the populations' colours and theory's dashes.</summary>
    /// <param name="shape">Marker of the simulation, or null where it is drawn as lines.</param>
    public IReadOnlyList<LegendEntry> Legend(Shape? shape = null)
    {
        var entries = new List<LegendEntry>();
        for (int p = 0; p < _populations.Count; p++)
        {
            if (_point.Simulation is not null)
                entries.Add(new LegendEntry($"{MathText.Escape(_populations[p].Name)}, simulation",
                    _colours[p], shape is null ? Dash.Solid : null, shape));
        }

        for (int p = 0; p < _populations.Count; p++)
        {
            if (_point.Theory is not null)
                entries.Add(new LegendEntry($"{MathText.Escape(_populations[p].Name)}, theory", Palette.Black, TheoryDash(p), null));
        }

        return entries;
    }

    private double RasterMilliseconds =>
        Math.Min(_point.Experiment.Simulation.RasterDuration, _point.Simulation?.Duration ?? double.PositiveInfinity) * MillisecondsPerSecond;

    private static PanelAxis TimeAxis(double end) => new("Time (ms)") { Minimum = 0, Maximum = end > 0 ? end : 1 };

    private double SinceStart(double time) => (time - _point.Simulation!.Start) * MillisecondsPerSecond;

    private PopulationRecord? Record(int population) =>
        _point.Simulation?.Populations.FirstOrDefault(r => r.Population == _populations[population].Name);

    private PopulationObservables? TheoryOf(int population) =>
        _point.Theory?.Observables.Populations.FirstOrDefault(o => o.Population == _populations[population].Name);

    private PopulationObservables? MeasuredOf(int population) =>
        _point.Simulation?.Observables.Populations.FirstOrDefault(o => o.Population == _populations[population].Name);

    private string WhyNoDistribution(int values, string whenNone) =>
        _point.Simulation is null ? "not simulated" : values == 0 ? whenNone : values < FewestNeurons ? "too few neurons\nfor a distribution" : "";

    private static string Shortened(string name) => name.Length > LongestName ? name[..(LongestName - 1)] + "…" : name;

    private static double[] Finite(IReadOnlyList<double>? values) => [.. (values ?? []).Where(double.IsFinite)];

    /// <summary>The measured density as a histogram, neighbouring bins merged so that the eye sees the shape.</summary>
    private static Steps Bars(MembraneDensity density, Colour colour)
    {
        double largest = density.Value.Where(double.IsFinite).DefaultIfEmpty(0).Max();
        int first = 0, last = density.Value.Count - 1;
        while (first < last && !(density.Value[first] > 1e-4 * largest)) first++;
        while (last > first && !(density.Value[last] > 1e-4 * largest)) last--;
        double bin = density.Voltage[1] - density.Voltage[0];
        int merged = Math.Max(1, (int)Math.Ceiling((last - first + 1.0) / MostVoltageBins));
        double[][] chunks = [.. density.Value.Skip(first).Take(last - first + 1).Chunk(merged)];
        double start = density.Voltage[first] - (bin / 2);
        double[] edges = [.. chunks.Select((_, i) => start + (i * merged * bin)), density.Voltage[last] + (bin / 2)];
        return new Steps(edges, [.. chunks.Select(c => c.Where(double.IsFinite).DefaultIfEmpty(0).Average())], colour);
    }

    /// <summary>The predicted density where it can be told from zero: a long empty tail would only widen the axis.</summary>
    private static Line Visible(MembraneDensity density, Dash dash)
    {
        double largest = density.Value.Where(double.IsFinite).DefaultIfEmpty(0).Max();
        int first = 0, last = density.Value.Count - 1;
        while (first < last && !(density.Value[first] > 1e-4 * largest)) first++;
        while (last > first && !(density.Value[last] > 1e-4 * largest)) last--;
        first = Math.Max(0, first - 1);
        last = Math.Min(density.Value.Count - 1, last + 1);
        return new Line([.. density.Voltage.Skip(first).Take(last - first + 1)],
            [.. density.Value.Skip(first).Take(last - first + 1)], Palette.Black, dash);
    }

    private static Line Visible(RateDensity density, Dash dash, bool isLogarithmic)
    {
        double[] height = [.. density.Rate.Zip(density.Value, (rate, value) => isLogarithmic ? value * rate * Math.Log(10) : value)];
        double largest = height.Where(double.IsFinite).DefaultIfEmpty(0).Max();
        int[] seen = [.. Enumerable.Range(0, height.Length).Where(i => height[i] > 1e-3 * largest)];
        return new Line([.. seen.Select(i => density.Rate[i])], [.. seen.Select(i => height[i])], Palette.Black, dash);
    }

    private void AddHistogram(List<Mark> marks, int population, double[] values, double[] edges, bool isLogarithmic)
    {
        var heights = new double[edges.Length - 1];
        int counted = 0;
        foreach (double value in values)
        {
            int bin = Array.BinarySearch(edges, value);
            bin = bin >= 0 ? Math.Min(bin, heights.Length - 1) : ~bin - 1;
            if (bin < 0 || bin >= heights.Length) continue;
            heights[bin]++;
            counted++;
        }

        if (counted == 0) return;

        // The area is the fraction of all neurons of the population, silent ones included in the whole.
        for (int i = 0; i < heights.Length; i++)
            heights[i] /= values.Length * (isLogarithmic ? Math.Log10(edges[i + 1] / edges[i]) : edges[i + 1] - edges[i]);
        marks.Add(new Steps(edges, heights, _colours[population]));
    }

    /// <summary>Equal intervals with edges between the values a count can give, so that no bin holds one value more than another.</summary>
    private static double[] LinearEdges(double least, double most, double resolution)
    {
        double width = Math.Max(1, Math.Ceiling((most - least) / NeuronBins / resolution)) * resolution;
        if (most - least < 1e-9 * Math.Abs(most)) width = Math.Max(resolution, 0.02 * Math.Abs(most));
        double start = (Math.Round(least / resolution) - 0.5) * resolution;
        int bins = (int)Math.Floor(((most - start) / width) + 1e-9) + 1;
        return [.. Enumerable.Range(0, bins + 1).Select(i => start + (i * width))];
    }

    /// <summary>Intervals of equal ratio, each wide enough for at least one more spike and edged between counts.</summary>
    private static double[] LogarithmicEdges(double least, double most, double resolution)
    {
        double ratio = Math.Pow(most / least, 1.0 / NeuronBins);
        double count = Math.Max(0.5, Math.Round(least / resolution) - 0.5), last = most / resolution;
        var edges = new List<double> { count * resolution };
        while (count < last)
        {
            count = Math.Max(count + 1, Math.Floor(count * ratio) + 0.5);
            edges.Add(count * resolution);
        }

        return [.. edges];
    }
}
