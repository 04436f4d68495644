using System.Text;
using Shunt.Experiments;

namespace Shunt.Figures;

/// <summary>A page with figures, a sentence on each, and what became of their checks.</summary>
public static class Gallery
{
    /// <summary>The page, in Markdown; pictures are in <c>images/gallery</c> beside it.</summary>
    /// <param name="names">Names of the figures' files.</param>
    /// <param name="results">The figures.</param>
    /// <param name="command">The command that made it.</param>
    public static string Page(IReadOnlyList<string> names, IReadOnlyList<FigureResult> results, string command)
    {
        var text = new StringBuilder();
        FigureVerdict[] all = [.. results.SelectMany(r => r.Verdicts)];
        text.Append("# Gallery\n\n");
        text.Append($"Made by `{command}`. Each figure is a file under `experiments/` that [can be changed](figures.md). {Count(all)}\n");
        for (int i = 0; i < names.Count; i++)
        {
            FigureFile file = results[i].File;
            text.Append($"\n## {file.Title}\n\n{Plain(file.Summary)}\n\n![{Plain(file.Summary)}](images/gallery/{names[i]}.png)\n\n{Plain(file.Caption)}\n");
            if (results[i].Verdicts.Count == 0) continue;
            text.Append("\n| panel | series | quantity | reference | within | deviation | tolerance | verdict |\n|---|---|---|---|---|---|---|---|\n");
            foreach (FigureVerdict v in results[i].Verdicts)
            {
                text.Append(
                    $"| {v.Panel} | {Cell(v.Series)} | {Cell(v.Quantity)} | {Cell(v.Source)} | {v.Within} of {v.Points} | {v.Deviation} | {v.Tolerance} | {FigureResult.Word(v.Outcome)} |\n");
            }

            foreach (IGrouping<string, FigureVerdict> cause in results[i].Verdicts.Where(v => v.Control.Length > 0).GroupBy(v => v.Cause))
            {
                text.Append($"\n{Plain(cause.Key)}:\n\n");
                foreach (FigureVerdict v in cause) text.Append($"- {v.Panel}, {Plain(v.Series)}, {v.Control}\n");
            }
        }

        return text.ToString();
    }

    private static string Count(FigureVerdict[] all)
    {
        int failed = all.Count(v => v.Outcome == FigureOutcome.Fail), explained = all.Count(v => v.Outcome == FigureOutcome.Explained);
        string closed = explained == 0 ? "" : $", {explained} not, but a controlled run shows why, and what it changes is named";
        string open = failed == 0 ? "" : $", {failed} not ([reproducibility.md](reproducibility.md) says what is known)";
        return $"Of {all.Length} comparisons {all.Length - failed - explained} are within tolerance{closed}{open}.";
    }

    private static string Cell(string text) => Plain(text).Replace("|", "\\|", StringComparison.Ordinal);

    // labels are marked up for figures
    private static string Plain(string text) => MathText.Plain(text);
}
