using Shunt.Experiments;

namespace Shunt.Figures;

/// <summary>Draws the linear response of a network's neurons and the spectra of its population rates.</summary>
public static class AsynchronousFigure
{
    private static readonly Dash[] Dashes = [Dash.Solid, Dash.Dashed, Dash.Dotted, Dash.DashDotted];

    /// <summary>Gain and phase of every projection's response, and the spectra, predicted and measured.</summary>
    /// <param name="report">The report.</param>
    public static Figure Of(AsynchronousReport report)
    {
        string[] names = [.. report.Experiment.Model.Populations.Select(p => p.Name)];
        IReadOnlyList<Colour> colours = Palette.Of(names);
        var gain = new List<Mark>();
        var phase = new List<Mark>();
        var legend = new List<LegendEntry>();
        string[] sources = [.. report.Responses.Select(r => r.Projection.Source).Distinct()];
        foreach (var (projection, values) in report.Responses)
        {
            Colour colour = colours[Array.IndexOf(names, projection.Target)];
            Dash dash = Dashes[Array.IndexOf(sources, projection.Source) % Dashes.Length];
            gain.Add(new Line(report.Frequency, [.. values.Select(z => z.Magnitude)], colour, dash));
            phase.Add(new Line(report.Frequency, Unwrapped([.. values.Select(z => z.Phase * 180 / Math.PI)]), colour, dash));
        }

        legend.AddRange(names.Select((n, p) => new LegendEntry(MathText.Escape(n), colours[p], Dash.Solid, null)));
        legend.AddRange(sources.Select((s, i) => new LegendEntry(MathText.Escape($"input from {s}"), Palette.Grey, Dashes[i % Dashes.Length], null)));
        var spectrum = new List<Mark>();
        for (int p = 0; p < names.Length; p++)
        {
            if (p >= report.Measured.Count || report.Measured[p] is not { } measured) continue;
            int shown = measured.Frequency.Count(f => f <= report.Frequency[^1]);
            spectrum.Add(new Dots([.. measured.Frequency.Take(shown)], [.. measured.Value.Take(shown)], [.. measured.StandardError.Take(shown)], colours[p], Shape.Circle)
            {
                Size = 1.2,
            });
        }

        for (int p = 0; p < names.Length; p++)
            spectrum.Add(new Line(report.Frequency, report.Spectra[p], report.Measured.Count > 0 && p == 0 ? Palette.Black : colours[p], Dashes[p % Dashes.Length]));
        var frequency = new PanelAxis("Frequency (Hz)") { IsLogarithmic = true };
        return new Figure
        {
            Name = "stability",
            Caption = $"Linear response of the asynchronous state; {MathText.Escape(report.Stability.Message)}. (A, B) Gain and phase of the response of each population "
                + "to a modulation of the rate of its sources, without delays. (C) Two-sided power spectrum of the population rates"
                + (report.Measured.Count > 0 ? ": lines are theory, dots simulation with standard errors." : ", as predicted."),
            AlternativeText = "Gain and phase of the response to modulated inputs, and power spectra of the population rates, against frequency.",
            Height = 70,
            Columns = [1, 1, 1],
            Panels =
            [
                new PlacedPanel(new Panel(frequency, new PanelAxis("Gain") { IsLogarithmic = true }, gain), 0, 0),
                new PlacedPanel(new Panel(frequency, new PanelAxis("Phase (degrees)"), phase), 0, 1),
                new PlacedPanel(new Panel(frequency, new PanelAxis("Spectrum (spk/s)") { IsLogarithmic = true }, spectrum), 0, 2),
            ],
            Legend = legend,
        };
    }

    private static double[] Unwrapped(double[] phase)
    {
        for (int i = 1; i < phase.Length; i++) phase[i] -= 360 * Math.Round((phase[i] - phase[i - 1]) / 360);
        return phase;
    }
}
