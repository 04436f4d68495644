using System.Globalization;
using Shunt.Experiments;
using Shunt.Figures;

namespace Shunt.Cli;

/// <summary>What <c>shunt reproduce</c> does.</summary>
internal static class ReproduceSession
{
    private const string All = "all", FileName = "figure.yaml", Experiments = "experiments";
    private const int GalleryResolution = 150;

    /// <summary>What may be asked for besides files.</summary>
    internal static IReadOnlyList<string> Names { get; } = [.. Enumerable.Range(1, 15).Select(i => $"fig{i}"), "table1", All];

    internal static int Reproduce(ReproduceRequest request) => Session.Guard(() =>
    {
        var terminal = new Terminal(request.Quiet, request.Json);
        (string Name, FigureFile File)[] figures = [.. Asked(request.Figures).Select(f => (f.Name, FigureFile.Read(f.Path, request.Full)))];
        ResultsFolder folder = ResultsFolder.Reuse(request.Out ?? Path.Combine("results", request.Full ? "reproduce-full" : "reproduce"));
        DateTimeOffset started = DateTimeOffset.UtcNow;
        var computation = new FigureComputation(figures.Select(f => f.File), Path.Combine(folder.Path, "points"));
        string expected = $"{computation.PointsLeft} points, about {Terminal.Duration(computation.SecondsLeft)}, up to {Terminal.Memory(computation.PeakBytes)}";
        if (request.Estimate)
        {
            terminal.Answer(expected);
            terminal.AnswerJson(string.Create(CultureInfo.InvariantCulture,
                $"{{\"points\":{computation.PointsLeft},\"seconds\":{computation.SecondsLeft:R},\"memory_bytes\":{computation.PeakBytes:R}}}"));
            return 0;
        }

        if (computation.PointsFound > 0) terminal.Note($"{computation.PointsFound} points are there already");
        if (computation.PointsLeft > 0) terminal.Note(expected);
        using (var stop = new StopSignal(terminal))
        {
            try
            {
                terminal.Watch("reproduce", report => computation.Run(p => report(p.Fraction, p.What), stop.Token));
            }
            catch (OperationCanceledException)
            {
                terminal.Fail("stopped; the same command goes on where it was");
                return CommandLine.Failed;
            }
        }

        FigureResult[] results = [.. figures.Select(f => FigureResult.Of(f.File, computation))];
        for (int i = 0; i < figures.Length; i++) Write(ResultsFolder.Reuse(Path.Combine(folder.Path, figures[i].Name)), figures[i].Name, results[i], request, started);
        FigureVerdict[] verdicts = [.. results.SelectMany(r => r.Verdicts)];
        folder.WriteText("verdicts.csv", FigureResult.VerdictTable(verdicts));
        if (request.Gallery is not null) WriteGallery(request, [.. figures.Select(f => f.Name)], results);
        Tell(terminal, verdicts);
        terminal.Note($"results: {Session.Here(folder.Path)}");
        return terminal.CouldAnswer && verdicts.All(v => v.Outcome != FigureOutcome.Fail) ? 0 : CommandLine.Failed;
    });

    // what was asked for, each once, in order
    private static IEnumerable<(string Name, string Path)> Asked(IReadOnlyList<string> words) => words
        .SelectMany(w => w == All ? Names.Where(n => n != All) : [w])
        .Distinct()
        .Select(w => Names.Contains(w) ? (w, OfPaper(w)) : File.Exists(w) ? (NameOf(w), w) : throw Unknown(w));

    private static ResultsException Unknown(string word)
    {
        string near = Spelling.Nearest(word, Names) is { } name ? $"; did you mean '{name}'?" : $"; there are {string.Join(", ", Names)}, and files";
        return new ResultsException($"reproduce: no figure and no file is called '{word}'{near}", exitCode: CommandLine.WrongInput);
    }

    private static string NameOf(string file) =>
        Path.GetFileName(file) == FileName && Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(file))) is { Length: > 0 } folder
            ? folder
            : Path.GetFileNameWithoutExtension(file);

    // beside the caller, or where the program was built
    private static string OfPaper(string name)
    {
        string folder = name.StartsWith("fig", StringComparison.Ordinal) ? $"fig{int.Parse(name[3..], CultureInfo.InvariantCulture):D2}" : name;
        string below = Path.Combine(Experiments, folder, FileName);
        if (File.Exists(below)) return below;
        for (DirectoryInfo? d = new(AppContext.BaseDirectory); d is not null; d = d.Parent)
        {
            string path = Path.Combine(d.FullName, below);
            if (File.Exists(path)) return path;
        }

        throw new ResultsException($"reproduce: '{below}' is neither here nor beside the program", exitCode: CommandLine.WrongInput);
    }

    private static void Write(ResultsFolder folder, string name, FigureResult result, ReproduceRequest request, DateTimeOffset started)
    {
        FileFigure.Of(result, name).WriteTo(folder);
        folder.WriteText("series.csv", result.SeriesTable());
        folder.WriteText("verdicts.csv", FigureResult.VerdictTable(result.Verdicts));
        folder.WriteText("provenance.json", Provenance.Json(Provenance.Of(
            [.. result.File.Data.SelectMany(d => d.Grid.Points)], request.CommandText, started, "complete")));
    }

    private static void Tell(Terminal terminal, FigureVerdict[] verdicts)
    {
        foreach (FigureVerdict v in verdicts) terminal.AnswerJson(FigureResult.Json(v));
        terminal.AnswerTable(
            ["figure", "panel", "series", "quantity", "reference", "within", "deviation", "tolerance", "verdict"],
            [.. verdicts.Select(v => new[]
            {
                v.Figure, v.Panel, v.Series, v.Quantity, v.Source, $"{v.Within} of {v.Points}", v.Deviation, v.Tolerance, FigureResult.Word(v.Outcome),
            })],
            9);
        foreach (FigureVerdict v in verdicts.Where(v => v.Control.Length > 0)) terminal.Answer($"{v.Figure} {v.Panel}, {v.Series}: {v.Cause} ({v.Control})");
        int failed = verdicts.Count(v => v.Outcome == FigureOutcome.Fail), explained = verdicts.Count(v => v.Outcome == FigureOutcome.Explained);
        terminal.Answer($"{verdicts.Length} verdicts: {verdicts.Length - failed - explained} pass, {explained} explained, {failed} fail");
    }

    private static void WriteGallery(ReproduceRequest request, string[] names, FigureResult[] results)
    {
        string page = Path.GetFullPath(request.Gallery!);
        ResultsFolder folder = ResultsFolder.Reuse(Path.GetDirectoryName(page)!);
        for (int i = 0; i < names.Length; i++)
            folder.WriteBytes($"images/gallery/{names[i]}.png", FileFigure.Of(results[i], names[i]).ToPng(GalleryResolution));
        folder.WriteText(Path.GetFileName(page), Gallery.Page(names, results, request.CommandText));
    }
}
