using System.Text;
using System.Xml.Linq;
using Shunt.Experiments;
using Shunt.Figures;
using Shunt.Model;
using Shunt.Simulation;
using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Figures;

public sealed class FigureTests
{
    private static readonly RunResult Run = SyntheticRun.Point();

    public static TheoryData<string> Cases => new(
        "both", "no theory", "no simulation", "neither", "silent", "one neuron", "five populations", "not a number",
            "empty records", "theory without density",
        "linear sweep", "logarithmic sweep", "two axes", "sweep of theory", "sweep of one value", "bistable sweep");

    [Fact]
    public void APointGivesTheFiguresOfItsSidesWithCaptions()
    {
        Assert.Equal(["summary", "activity", "traces", "membrane", "distributions"], RunFigures.Of(Run).Select(f => f.Name));
        Assert.Equal(["summary"], RunFigures.Of(SyntheticRun.Point(simulation: false)).Select(f => f.Name));
        Assert.Equal(["summary"], RunFigures.Of(SyntheticRun.Sweep()).Select(f => f.Name));
        Assert.All(RunFigures.Of(Run), f => Assert.True(f.Caption.Length > 20 && f.AlternativeText.Length > 20));
    }

    [TheoryAttribute]
    [MemberData(nameof(Cases))]
    public void EveryCaseIsDrawnInEveryFormat(string name)
    {
        foreach (Figure figure in RunFigures.Of(Case(name)))
        {
            string text = figure.ToSvg();
            XDocument svg = XDocument.Parse(text);
            Assert.Contains(svg.Descendants(), e => e.Name.LocalName == "path");
            Assert.DoesNotContain(svg.Descendants(), e => e.Name.LocalName == "text");
            Assert.DoesNotMatch("[\" ,ML-]nan[\" ,]", text);
            Assert.Equal("%PDF", Encoding.ASCII.GetString(figure.ToPdf(), 0, 4));
            Assert.Equal([0x89, (byte)'P', (byte)'N', (byte)'G'], figure.ToPng(60)[..4]);
        }
    }

    [Fact]
    public void TheSameFigureGivesTheSameBytes()
    {
        Figure[] first = [.. RunFigures.Of(Run)], second = [.. RunFigures.Of(SyntheticRun.Point())];
        for (int i = 0; i < first.Length; i++)
        {
            Assert.Equal(first[i].ToSvg(), second[i].ToSvg());
            Assert.Equal(first[i].ToPdf(), second[i].ToPdf());
            Assert.Equal(first[i].ToPng(100), second[i].ToPng(100));
        }
    }

    [Fact]
    public void APngHasTheSizeOfThePageAtItsResolution()
    {
        Figure figure = RunFigures.Of(Run)[0];
        using SkiaSharp.SKBitmap image = SkiaSharp.SKBitmap.Decode(figure.ToPng(254));
        Assert.InRange(image.Width, (figure.Width * 10) - 1, (figure.Width * 10) + 1);
        Assert.InRange(image.Height, (figure.Height * 10) - 1, (figure.Height * 10) + 1);
    }

    [Fact]
    public void AnSvgScalesAndSaysWhatItShows()
    {
        XElement root = XDocument.Parse(RunFigures.Of(Run)[0].ToSvg()).Root!;
        Assert.Equal("178mm", root.Attribute("width")!.Value);
        Assert.StartsWith("0 0 504.", root.Attribute("viewBox")!.Value, StringComparison.Ordinal);
        Assert.Contains(root.Elements(), e => e.Name.LocalName == "desc" && e.Value.Contains("raster", StringComparison.Ordinal));
    }

    [Fact]
    public void TwentyThousandSpikesStaySmall()
    {
        var random = new Random(3);
        double[] x = [.. Enumerable.Range(0, 20_000).Select(_ => 1000 * random.NextDouble())], y = [.. x.Select(_ => 200 * random.NextDouble())];
        var figure = new Figure
        {
            Name = "raster",
            Caption = "Raster.",
            AlternativeText = "Raster.",
            Panels = [new PlacedPanel(new Panel(new PanelAxis("t"), new PanelAxis("n"),
                [new Strokes(x, y, [.. y.Select(v => v + 1)], Palette.Blue)]), 0, 0)],
        };
        string svg = figure.ToSvg();
        Assert.InRange(svg.Length, 200_000, 1_200_000);
        Assert.InRange(XDocument.Parse(svg).Descendants().Count(), 5, 100);
    }

    [Fact]
    public void NothingIsDrawnOutsideThePage()
    {
        foreach (Figure figure in RunFigures.Of(SyntheticRun.Point(populations: ["E", "I", "a population with a very long name"])))
        {
            using SkiaSharp.SKBitmap image = SkiaSharp.SKBitmap.Decode(figure.ToPng(144));
            for (int x = 0; x < image.Width; x++)
                Assert.True(IsWhite(x, 0) && IsWhite(x, image.Height - 1), $"{figure.Name}: ink at the edge, column {x}");
            for (int y = 0; y < image.Height; y++)
                Assert.True(IsWhite(0, y) && IsWhite(image.Width - 1, y), $"{figure.Name}: ink at the edge, row {y}");

            bool IsWhite(int x, int y) => image.GetPixel(x, y) == SkiaSharp.SKColors.White;
        }
    }

    [Fact]
    public void EmptyPanelsSayWhy()
    {
        var panels = new PointPanels(SyntheticRun.Point(rate: 0).Points[0]);
        Assert.Equal("no spikes", panels.Raster(true).Note);
        Assert.Equal("no spikes", panels.RateDistribution().Note);
        Assert.Equal("too few intervals", panels.CvDistribution().Note);
        Assert.Equal("not simulated", new PointPanels(SyntheticRun.Point(simulation: false).Points[0]).Raster(true).Note);
        Assert.Equal("no theory to compare", new PointPanels(SyntheticRun.Point(theory: false).Points[0]).Agreement().Note);
        Assert.Equal("", new PointPanels(Run.Points[0]).Raster(true).Note);
    }

    [Fact]
    public void RateHistogramsHoldEveryNeuronThatFired()
    {
        Steps bars = new PointPanels(Run.Points[0]).RateDistribution().Marks.OfType<Steps>().First();
        double area = bars.Heights.Select((h, i) => h * (bars.Edges[i + 1] - bars.Edges[i])).Sum();
        Assert.Equal(1, area, 1e-9);
    }

    [Fact]
    public void BroadRatesGetLogarithmicBinsThatHoldEveryNeuronThatFired()
    {
        double[] rates = [.. Enumerable.Range(0, 1000).Select(i => Math.Round(0.2 * Math.Exp(i / 200.0) * 5) / 5)];
        RunResult run = WithRecords(Run, r => r with { NeuronRates = rates });
        Panel panel = new PointPanels(run.Points[0]).RateDistribution();
        Assert.True(panel.X.IsLogarithmic);
        Steps bars = panel.Marks.OfType<Steps>().First();
        Assert.All(bars.Edges, e => Assert.Equal(0.5, Math.Abs((e * 5) - Math.Floor(e * 5)), 1e-6));
        Assert.Equal(rates.Count(r => r > 0) / 1000.0, bars.Heights.Select((h, i) => h * Math.Log10(bars.Edges[i + 1] / bars.Edges[i])).Sum(), 1e-9);
    }

    [Fact]
    public void MergedDensityBinsKeepTheirArea()
    {
        Panel panel = new PointPanels(Run.Points[0]).Density(0);
        Steps bars = panel.Marks.OfType<Steps>().First();
        MembraneDensity density = Run.Points[0].Simulation!.Observables["E"].Density!;
        double area = bars.Heights.Select((h, i) => h * (bars.Edges[i + 1] - bars.Edges[i])).Sum();
        Assert.Equal(density.Value.Sum() * 0.1, area, 2e-3);
    }

    [Fact]
    public void PopulationsKeepTheirColours()
    {
        Assert.Equal([Palette.Vermilion, Palette.Blue], Palette.Of(["E", "I"]));
        Assert.Equal([Palette.Blue, Palette.Vermilion], Palette.Of(["I", "E"]));
        Assert.Equal(4, Palette.Of(["a", "b", "E", "I"]).Distinct().Count());
    }

    private static RunResult Case(string name) => name switch
    {
        "both" => Run,
        "no theory" => SyntheticRun.Point(theory: false),
        "no simulation" => SyntheticRun.Point(simulation: false),
        "neither" => SyntheticRun.Point(theory: false, simulation: false),
        "silent" => SyntheticRun.Point(rate: 0),
        "one neuron" => SyntheticRun.Point(size: 1, populations: ["N"]),
        "five populations" => SyntheticRun.Point(size: 60, populations: ["E", "I", "S", "P$V$", "a very long name with <markup>"]),
        "not a number" => NotANumber(),
        "empty records" => WithRecords(Run, r => r with
        {
            NeuronRates = [],
            NeuronCvs = [],
            RateSeries = [],
            Traces = [],
            RasterTimes = [],
            RasterNeurons = []
        }),
        "theory without density" => WithTheory(Run, o => new PopulationObservables { Population = o.Population, Rate = o.Rate }),
        "linear sweep" => SyntheticRun.Sweep(logarithmic: false),
        "logarithmic sweep" => SyntheticRun.Sweep(),
        "two axes" => SyntheticRun.Sweep(curves: 3),
        "sweep of theory" => SyntheticRun.Sweep(simulation: false),
        "sweep of one value" => SyntheticRun.Sweep(logarithmic: false, values: 1),
        _ => Bistable(),
    };

    private static RunResult WithRecords(RunResult run, Func<PopulationRecord, PopulationRecord> change)
    {
        PointResult point = run.Points[0];
        SimulationRecord simulation = point.Simulation! with { Populations = [.. point.Simulation!.Populations.Select(change)] };
        return run with { Points = [point with { Simulation = simulation }] };
    }

    private static RunResult WithTheory(RunResult run, Func<PopulationObservables, PopulationObservables> change)
    {
        PointResult point = run.Points[0];
        MeanFieldSolution theory = point.Theory! with { Observables = new Observables([.. point.Theory!.Observables.Populations.Select(change)]) };
        return run with { Points = [point with { Theory = theory }] };
    }

    private static RunResult NotANumber()
    {
        double[] nan = [double.NaN, double.NaN, double.NaN];
        RunResult run = WithRecords(Run, r => r with
        {
            NeuronRates = nan,
            NeuronCvs = nan,
            RateSeries = nan,
            Traces = [new VoltageTrace(0, [0.5, 0.6, 0.7], nan, [])]
        });
        return WithTheory(run, o => new PopulationObservables { Population = o.Population, Density = new MembraneDensity([-70, -60, -55], nan) });
    }

    private static RunResult Bistable()
    {
        RunResult run = SyntheticRun.Sweep();
        return run with
        {
            Points =
            [
                .. run.Points.Select((p, i) => i % 3 > 0 ? p : p with
                {
                    Theory = p.Theory! with
                    {
                        FixedPoints = [new FixedPoint([1, 1], true, -1, 0), new FixedPoint([9, 9], false, 0.4, 0), .. p.Theory!.FixedPoints],
                    },
                }),
            ],
        };
    }
}
