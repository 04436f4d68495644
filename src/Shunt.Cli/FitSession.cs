using System.Globalization;
using Shunt.Experiments;
using Shunt.Figures;
using Shunt.Theory;

namespace Shunt.Cli;

/// <summary>What <c>shunt fit</c> does.</summary>
internal static class FitSession
{
    internal static int Fit(FitRequest request) => Session.Guard(() =>
    {
        var terminal = new Terminal(request.Quiet, request.Json);
        IReadOnlyList<PspPoint> points = PspFile.Read(request.File);
        ResultsFolder? folder = request.Out is null ? null : ResultsFolder.Create(request.Out, request.File);
        DateTimeOffset started = DateTimeOffset.UtcNow;
        var settings = new PspFitSettings
        {
            EpspPerEfficacy = request.EpspPerEfficacy,
            IpspPerEfficacy = request.IpspPerEfficacy,
            Scatter = request.IsAdditive ? PspScatter.Additive : PspScatter.Multiplicative,
            Resamples = request.Resamples,
            Seed = request.Seed,
        };
        PspFit? fit = null;
        terminal.Watch("fit", report => fit = PspFit.Of(points, settings, done => report(done, "resampling")));
        Tell(terminal, fit!, request.File);
        if (folder is not null)
        {
            folder.WriteText("provenance.json", PspFitTables.ProvenanceJson(fit!, request.File, request.CommandText, started));
            folder.WriteText("fit.csv", PspFitTables.Parameters(fit!));
            folder.WriteText("curves.csv", PspFitTables.Curves(fit!));
            PspFitFigure.Of(fit!).WriteTo(folder, "figures/");
            terminal.Note($"results: {Session.Here(folder.Path)}");
        }

        return terminal.CouldAnswer ? 0 : CommandLine.Failed;
    });

    private static void Tell(Terminal terminal, PspFit fit, string file)
    {
        terminal.AnswerJson(PspFitTables.Json(fit, file));
        int excitatory = fit.Points.Count(p => p.Kind == PspKind.Excitatory);
        terminal.Answer(
            $"{excitatory} EPSPs and {fit.Points.Count - excitatory} IPSPs; least squares on "
            + (fit.Settings.Scatter == PspScatter.Additive ? "the amplitude" : "ln(amplitude)")
            + (double.IsNaN(fit.Points[0].StandardDeviation) ? "" : ", weighted by the standard deviations"));
        terminal.Answer("");
        terminal.AnswerTable(
            ["law", "parameter", "estimate", "95 % interval"],
            [
                .. fit.Laws.SelectMany(l => l.Parameters.Select(p => new[]
                {
                    l.Name, p.IsDerived ? $"  {p.Name}" : p.Name, Significance.Number(p.Value),
                    $"{Significance.Number(p.Low)} to {Significance.Number(p.High)}",
                })),
            ],
            2);
        terminal.Answer("");
        terminal.AnswerTable(
            ["law", "parameters", "RMS of ln", "RMS (mV)", "AIC", "AICc", "BIC", "delta AICc", "weight"],
            [
                .. fit.Laws.Select(l => new[]
                {
                    l.Name, l.FreeParameters.ToString(CultureInfo.InvariantCulture), Significance.Number(l.RmsLog), Significance.Number(l.Rms),
                    Digits(l.Aic), Digits(l.AicCorrected), Digits(l.Bic), Digits(l.Delta), Significance.Number(l.Weight, 2),
                }),
            ],
            1);
        terminal.Answer("");
        foreach (string verdict in (string[])[fit.Verdict, fit.VerdictOnOne]) terminal.Answer($"{char.ToUpperInvariant(verdict[0])}{verdict[1..]}.");
        foreach (string warning in fit.Laws.SelectMany(l => l.Warnings)) terminal.Warn(warning);

        static string Digits(double value) => double.IsFinite(value) ? value.ToString("F1", CultureInfo.InvariantCulture) : Significance.Number(value);
    }
}
