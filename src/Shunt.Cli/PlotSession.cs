using Shunt.Experiments;
using Shunt.Figures;

namespace Shunt.Cli;

/// <summary>What <c>shunt plot</c> is told.</summary>
internal sealed record PlotRequest
{
    internal required string Table { get; init; }

    internal string? X { get; init; }

    internal required IReadOnlyList<string> Y { get; init; }

    internal IReadOnlyList<string>? Group { get; init; }

    internal required IReadOnlyList<string> Population { get; init; }

    internal required IReadOnlyList<string> Where { get; init; }

    internal bool IsLogX { get; init; }

    internal bool IsLogY { get; init; }

    internal string? Out { get; init; }

    internal bool Quiet { get; init; }
}

/// <summary>What <c>shunt plot</c> does.</summary>
internal static class PlotSession
{
    internal static int Plot(PlotRequest request) => Session.Guard(() =>
    {
        var terminal = new Terminal(request.Quiet, json: false);
        TableFile table = request.Where.Aggregate(TableFile.Read(request.Table), (t, condition) => t.Where(condition));
        Figure figure = TableFigure.Of(table, request.X, request.Y, request.Group, request.Population, request.IsLogX, request.IsLogY);
        string given = request.Out ?? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(table.Path))!, "figures", $"{figure.Name}.png");
        ResultsFolder folder = ResultsFolder.Reuse(Path.GetDirectoryName(Path.GetFullPath(given))!);
        string name = Path.GetFileNameWithoutExtension(given), form = Path.GetExtension(given).ToLowerInvariant();
        switch (form)
        {
            case ".png" when request.Out is null:
                (figure with { Name = name }).WriteTo(folder);
                break;
            case ".png":
                folder.WriteBytes(Path.GetFileName(given), figure.ToPng());
                break;
            case ".pdf":
                folder.WriteBytes(Path.GetFileName(given), figure.ToPdf());
                break;
            case ".svg":
                folder.WriteText(Path.GetFileName(given), figure.ToSvg());
                break;
            default:
                throw new ResultsException($"--out {request.Out}: must end in .png, .pdf or .svg", exitCode: CommandLine.WrongInput);
        }

        terminal.Answer(Session.Here(Path.GetFullPath(given)));
        return terminal.CouldAnswer ? 0 : CommandLine.Failed;
    });
}
