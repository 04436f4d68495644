using Shunt.Experiments;
using Shunt.Theory;

namespace Shunt.Figures;

/// <summary>Draws measured PSP amplitudes with fitted laws.</summary>
public static class PspFitFigure
{
    private const double Opacity = 0.2;

    private static readonly (string Law, string Label, Colour Colour, Dash Dash)[] Drawn =
    [
        (PspFit.Conductance, @"conductance-based, $K = c u e^{u^2}$", Palette.Vermilion, Dash.Solid),
        (PspFit.ConductanceOne, "the same with one constant", Palette.Vermilion, Dash.DashDotted),
        (PspFit.Current, @"current-based, $K^{-1/2}$", Palette.Blue, Dash.Dashed),
        (PspFit.Power, @"free power, $K^{-\beta}$", Palette.Black, Dash.Dotted),
    ];

    /// <summary>EPSPs and IPSPs with the conductance-based, the current-based and the free power law; bands are 95 % intervals.</summary>
    /// <param name="fit">The fit.</param>
    public static Figure Of(PspFit fit)
    {
        double low = fit.Points.Min(p => p.Amplitude) / 1.3, high = fit.Points.Max(p => p.Amplitude) * 1.3;
        return new Figure
        {
            Name = "psp-fit",
            Caption = "Amplitude of postsynaptic potentials against the number of inputs. (A) EPSPs, (B) IPSPs: measured (dots) and fitted laws; bands are 95 % "
                + $"intervals of the curves (none for the law with one constant, c vbar = 1). {MathText.Escape(char.ToUpperInvariant(fit.Verdict[0]) + fit.Verdict[1..])}.",
            AlternativeText = "Measured EPSP and IPSP amplitudes against in-degree on logarithmic axes, with fitted conductance-based, current-based and power laws.",
            Height = 80,
            Columns = [1, 1],
            Panels =
            [
                new PlacedPanel(PanelOf(fit, PspKind.Excitatory, "EPSP", low, high), 0, 0),
                new PlacedPanel(PanelOf(fit, PspKind.Inhibitory, "IPSP", low, high), 0, 1),
            ],
            Legend = [.. Drawn.Select(d => new LegendEntry(d.Label, d.Colour, d.Dash, null)), new LegendEntry("measured", Palette.Grey, null, Shape.Circle)],
        };
    }

    private static Panel PanelOf(PspFit fit, PspKind kind, string name, double low, double high)
    {
        PspPoint[] points = [.. fit.Points.Where(p => p.Kind == kind)];
        IReadOnlyList<double> k = PspFitTables.InDegrees(fit);
        var marks = new List<Mark>();
        foreach ((string law, _, Colour colour, _) in Drawn.Where(d => d.Law != PspFit.ConductanceOne))
        {
            (double Low, double High)[] band = [.. k.Select(x => fit[law].Band(kind, x))];
            if (band.All(b => double.IsFinite(b.Low) && double.IsFinite(b.High)))
                marks.Add(new Band(k, [.. band.Select(b => b.Low)], [.. band.Select(b => b.High)], colour, Opacity));
        }

        marks.Add(new Dots(
            [.. points.Select(p => p.InDegree)], [.. points.Select(p => p.Amplitude)], [.. points.Select(p => p.StandardDeviation)], Palette.Grey, Shape.Circle)
        {
            Size = 1.3,
        });
        foreach ((string law, _, Colour colour, Dash dash) in Drawn) marks.Add(new Line(k, [.. k.Select(x => fit[law].Law.Amplitude(kind, x))], colour, dash));
        return new Panel(
            new PanelAxis("Number of inputs $K$") { IsLogarithmic = true, Minimum = k[0], Maximum = k[^1] },
            new PanelAxis($"{name} (mV)") { IsLogarithmic = true, Minimum = low, Maximum = high },
            marks);
    }
}
