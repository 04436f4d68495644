using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;
using Shunt.Theory;

namespace Shunt.Experiments;

/// <summary>
/// Reads amplitudes of postsynaptic potentials from CSV: columns <c>kind</c> or <c>series</c> (ending in EPSP or IPSP), <c>K</c> or <c>x</c>,
/// <c>amplitude</c> or <c>y</c> (mV), and <c>sd</c> (mV) where it is known, in any order and case. Lines that begin with # are comments, other columns are ignored.
/// </summary>
public static class PspFile
{
    private static readonly (string Name, string Other, bool IsNeeded)[] Columns =
        [("kind", "series", true), ("K", "x", true), ("amplitude", "y", true), ("sd", "", false)];

    /// <summary>Reads a file.</summary>
    /// <param name="path">Where it is.</param>
    /// <exception cref="ExperimentFileException">It cannot be read, or something in it is wrong.</exception>
    public static IReadOnlyList<PspPoint> Read(string path)
    {
        if (string.IsNullOrWhiteSpace(path)) throw new ExperimentFileException([new ExperimentProblem("FILE", 0, 0, "", "its name is empty")]);
        if (Directory.Exists(path)) throw Wrong(path, "is a folder; name the CSV file in it");
        try
        {
            return Parse(File.ReadAllText(path), path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw Wrong(path, "there is no such file");
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException or ArgumentException or NotSupportedException)
        {
            throw Wrong(path, $"cannot be read: {e.Message}");
        }
    }

    /// <summary>Reads text.</summary>
    /// <param name="text">The CSV.</param>
    /// <param name="source">Its name in messages.</param>
    /// <exception cref="ExperimentFileException">Something in it is wrong.</exception>
    public static IReadOnlyList<PspPoint> Parse(string text, string source)
    {
        using var csv = new CsvReader(new StringReader(text), new CsvConfiguration(CultureInfo.InvariantCulture)
        {
            AllowComments = true,
            BadDataFound = null,
            MissingFieldFound = null,
            TrimOptions = TrimOptions.Trim,
        });
        if (!csv.Read() || !csv.ReadHeader()) throw Wrong(source, "is empty; a header with kind,K,amplitude and points below it are needed");
        string[] header = csv.HeaderRecord!;
        int headerLine = csv.Parser.RawRow;
        header[0] = header[0].TrimStart('\uFEFF');
        int[] at = [.. Columns.Select(c => Array.FindIndex(header, h => Is(h, c.Name) || (c.Other.Length > 0 && Is(h, c.Other))))];
        ExperimentProblem[] missing =
        [
            .. Columns.Where((c, i) => c.IsNeeded && at[i] < 0).Select(c => new ExperimentProblem(
                source, headerLine, 1, c.Name, $"no such column, nor '{c.Other}'; the header has {string.Join(", ", header.Select(h => $"'{h}'"))}")),
        ];
        if (missing.Length > 0) throw new ExperimentFileException(missing);

        var problems = new List<ExperimentProblem>();
        var points = new List<PspPoint>();
        while (csv.Read())
        {
            int line = csv.Parser.RawRow, before = problems.Count;
            string Cell(int column) => csv.TryGetField(at[column], out string? value) ? value ?? "" : "";
            void Problem(int column, string message) =>
                problems.Add(new ExperimentProblem(source, line, at[column] + 1, header[at[column]], message));
            double Number(int column)
            {
                string cell = Cell(column);
                if (!double.TryParse(cell, NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
                    Problem(column, $"'{cell}' is not a number; a positive number is needed");
                else if (!(value > 0) || !double.IsFinite(value))
                    Problem(column, $"{cell}; must be positive and finite");
                return value;
            }

            string kind = Cell(0);
            bool isExcitatory = kind.EndsWith("EPSP", StringComparison.OrdinalIgnoreCase);
            if (!isExcitatory && !kind.EndsWith("IPSP", StringComparison.OrdinalIgnoreCase)) Problem(0, $"'{kind}'; must end in EPSP or IPSP");
            double k = Number(1), amplitude = Number(2), sd = at[3] >= 0 ? Number(3) : double.NaN;
            if (problems.Count == before) points.Add(new PspPoint(isExcitatory ? PspKind.Excitatory : PspKind.Inhibitory, k, amplitude, sd));
        }

        if (problems.Count > 0) throw new ExperimentFileException(problems);
        foreach (PspKind kind in Enum.GetValues<PspKind>())
        {
            int count = points.Count(p => p.Kind == kind);
            if (count < PspFit.FewestPoints)
                problems.Add(new ExperimentProblem(source, 0, 0, header[at[0]], $"{count} points of {Name(kind)}; {PspFit.FewestPoints} or more are needed"));
        }

        if (problems.Count > 0) throw new ExperimentFileException(problems);
        if (!points.GroupBy(p => p.Kind).Any(g => g.Select(p => p.InDegree).Distinct().Count() > 1))
            throw new ExperimentFileException([new ExperimentProblem(source, 0, 0, header[at[1]], "equal at all points of a kind; different K are needed")]);
        return points;
    }

    /// <summary>How files spell a sign.</summary>
    /// <param name="kind">Sign.</param>
    internal static string Name(PspKind kind) => kind == PspKind.Excitatory ? "EPSP" : "IPSP";

    private static bool Is(string header, string name) => header.Equals(name, StringComparison.OrdinalIgnoreCase);

    private static ExperimentFileException Wrong(string source, string message) => new([new ExperimentProblem(source, 0, 0, "", message)]);
}
