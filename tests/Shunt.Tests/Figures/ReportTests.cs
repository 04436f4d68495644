using System.Text.RegularExpressions;
using Shunt.Experiments;
using Shunt.Figures;
using Shunt.Simulation;
using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Figures;

public sealed partial class ReportTests
{
    [Fact]
    public void ThePageNeedsNothingElse()
    {
        RunResult run = SyntheticRun.Point(size: 50);
        string page = Report.Html(run, RunFigures.Of(run));
        Assert.DoesNotMatch(ExternalReference(), page);
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("@import", page, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(5, Regex.Count(page, "<img alt=\"[^\"]{20,}\" src=\"data:image/svg\\+xml;base64,"));
        Assert.InRange(page.Length, 100_000, 6_000_000);
    }

    [Fact]
    public void TheComparisonTableComesFirst()
    {
        string page = Report.Html(SyntheticRun.Point(size: 50), []);
        Assert.Contains("<th scope=\"row\">Firing rate</th><td><i>ν</i></td><td>Hz</td><td>30.000</td><td>29.550 ± 0.060</td><td>−1.50</td>",
            page, StringComparison.Ordinal);
        Assert.Contains("<th scope=\"row\">CV of interspike intervals</th>", page, StringComparison.Ordinal);
        Assert.Equal(2, Regex.Count(page, "scope=\"rowgroup\""));
        Assert.True(page.IndexOf("<table", StringComparison.Ordinal) < page.IndexOf("How far to trust it", StringComparison.Ordinal));
        Assert.Contains(
            "Simulated firing rates are within 1.5 % of theory: E fires at 29.550 ± 0.060 Hz, predicted 30.000 Hz", page, StringComparison.Ordinal);
    }

    [Fact]
    public void WarningsSettingsAndTheFileAreThere()
    {
        string page = Report.Html(SyntheticRun.Point(size: 50), []);
        Assert.Contains("first-passage theory is off by about 5 %", page, StringComparison.Ordinal);
        Assert.Contains("12 of 5000 neurons fired fewer than 3 spikes", page, StringComparison.Ordinal);
        Assert.Contains("0123456789abcdef", page, StringComparison.Ordinal);
        Assert.Contains("same step", page, StringComparison.Ordinal);
        Assert.Contains("# &lt;not&gt; &amp; markup", page, StringComparison.Ordinal);
        Assert.Contains("e3b0c44298fc1c14", page, StringComparison.Ordinal);
    }

    [Fact]
    public void TextOfTheUserIsEscaped()
    {
        RunResult run = SyntheticRun.Point(size: 50, title: "<script>alert(1)</script>", populations: ["<b>E"]);
        string page = Report.Html(run, RunFigures.Of(run));
        Assert.DoesNotContain("<script", page, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("<b>", page, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void ASweepHasARowForEachPoint()
    {
        RunResult run = SyntheticRun.Sweep(values: 7, curves: 2);
        string page = Report.Html(run, []);
        string table = page[page.IndexOf("<tbody>", StringComparison.Ordinal)..page.IndexOf("</table>", StringComparison.Ordinal)];
        Assert.Equal(14, Regex.Count(table, "<tr>"));
        int[] cells = [.. Regex.Matches(table, "<tr>(.*?)</tr>").Select(m => Regex.Count(m.Value, "<t[dh][ >]"))];
        Assert.All(cells, c => Assert.Equal(2 + (2 * 5) + 1, c));
        Assert.Contains("in coupling.K and input.rate simulated rates are within", page, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryTableRowHasItsHeadersNumberOfCells()
    {
        string page = Report.Html(SyntheticRun.Point(size: 50), []);
        foreach (Match table in Regex.Matches(page, "<table>.*?</table>", RegexOptions.Singleline))
        {
            if (!table.Value.Contains("<thead>", StringComparison.Ordinal)) continue;
            int columns = Regex.Count(table.Value[..table.Value.IndexOf("</thead>", StringComparison.Ordinal)], "<th ");
            Assert.All(
                Regex.Matches(table.Value, "<tr>(<th scope=\"row\">|<td).*?</tr>")
                    .Select(m => Regex.Count(m.Value, "<t[dh][ >]")), c => Assert.Equal(columns, c));
        }
    }

    [TheoryAttribute]
    [InlineData(true, false, "Theory predicts that E fires at 30.00 Hz; I fires at 33.00 Hz, with a CV of 0.830 (E); 0.830 (I).")]
    [InlineData(false, true, "In the simulation E fires at 29.550 ± 0.060 Hz; I fires at 32.505 ± 0.060 Hz.")]
    [InlineData(false, false, "Neither theory nor simulation gives a firing rate.")]
    public void TheAnswerIsHonestWithOneSide(bool theory, bool simulation, string expected) =>
        Assert.Equal(expected, ReportAnswer.Of(SyntheticRun.Point(theory, simulation, size: 20)));

    [TheoryAttribute]
    [InlineData(0, "Theory predicts silence: E fires at 0 Hz, predicted 0 Hz;")]
    [InlineData(1e-6, "Theory predicts silence: E fires at 0.000 ± 0.060 Hz, predicted 1.000 × 10⁻⁶ Hz;")]
    public void SilenceIsCalledSilence(double rate, string expected) =>
        Assert.StartsWith(expected, ReportAnswer.Of(SyntheticRun.Point(rate: rate, size: 20)), StringComparison.Ordinal);

    [Fact]
    public void AStoppedSimulationAndFailedTheoryStandUnderTheTitle()
    {
        RunResult run = SyntheticRun.Point(size: 20);
        SimulationRecord stopped = run.Points[0].Simulation! with { Complete = false, Duration = 1.25 };
        MeanFieldSolution failed = run.Points[0].Theory! with { Status = SolutionStatus.NotConverged, Message = "no state found after 200 steps" };
        string page = Report.Html(run with { Points = [run.Points[0] with { Simulation = stopped, Theory = failed }] }, []);
        string header = page[..page.IndexOf("</header>", StringComparison.Ordinal)];
        Assert.Contains("The simulation was stopped after 1.25 s of 5.00 s", header, StringComparison.Ordinal);
        Assert.Contains("no state found after 200 steps", header, StringComparison.Ordinal);
    }

    [Fact]
    public void ARunWithoutPointsIsStillAPage() =>
        Assert.Contains("The run has no points.", Report.Html(new RunResult("empty", [], [], []), []), StringComparison.Ordinal);

    [Fact]
    public void TheSameRunGivesTheSamePage()
    {
        RunResult run = SyntheticRun.Point(size: 50);
        Assert.Equal(Report.Html(run, RunFigures.Of(run)), Report.Html(SyntheticRun.Point(size: 50), RunFigures.Of(SyntheticRun.Point(size: 50))));
    }

    [GeneratedRegex("""(src|href)\s*=\s*["'](?!data:|#)|url\(|https?://""", RegexOptions.IgnoreCase)]
    private static partial Regex ExternalReference();
}
