using System.Globalization;
using CsvHelper;

namespace Shunt.Experiments;

/// <summary>A table with a header: that of a sweep, or any CSV file.</summary>
public sealed class TableFile
{
    private readonly string[] names;
    private readonly List<string[]> rows;

    private TableFile(string path, string[] names, List<string[]> rows) => (Path, this.names, this.rows) = (path, names, rows);

    /// <summary>Where it is.</summary>
    public string Path { get; }

    /// <summary>Names of the columns.</summary>
    public IReadOnlyList<string> Names => names;

    /// <summary>Number of rows.</summary>
    public int Count => rows.Count;

    /// <summary>Columns that say where a row lies: in the table of a sweep, those between <c>point</c> and <c>status</c> without the repetition.</summary>
    public IReadOnlyList<string> Axes
    {
        get
        {
            int from = Array.IndexOf(names, "point"), to = Array.IndexOf(names, "status");
            return from == 0 && to > 0 ? [.. names[1..to].Where(n => n != "repetition")] : [];
        }
    }

    /// <summary>Populations that the columns of a sweep's table speak of.</summary>
    public IReadOnlyList<string> Populations =>
        [.. names.Where(n => n.EndsWith("_rate_hz", StringComparison.Ordinal)).Select(n => n.Split('_', 2)[1][..^"_rate_hz".Length]).Distinct()];

    /// <summary>Reads a table.</summary>
    /// <param name="path">A CSV file, or the folder of a sweep.</param>
    /// <exception cref="ResultsException">It cannot be read, or is no table.</exception>
    public static TableFile Read(string path)
    {
        string file = Directory.Exists(path) ? System.IO.Path.Combine(path, "table.csv") : path;
        ResultsException Wrong(string message, Exception? cause = null) => new($"{file}: {message}", exitCode: 2, cause);
        if (!File.Exists(file)) throw Wrong("there is no such file; name the folder of a sweep, or a CSV file");
        try
        {
            using var csv = new CsvReader(new StreamReader(file), CultureInfo.InvariantCulture);
            if (!csv.Read() || !csv.ReadHeader()) throw Wrong("is empty");
            string[] names = csv.HeaderRecord!;
            var rows = new List<string[]>();
            while (csv.Read()) rows.Add([.. names.Select((_, c) => csv.GetField(c)!)]);
            return new TableFile(file, names, rows);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CsvHelperException)
        {
            throw Wrong($"cannot be read: {e.Message.Split('\n')[0]}", e);
        }
    }

    /// <summary>The column that a user means: its name, or its name without the unit.</summary>
    /// <param name="name">What was written.</param>
    /// <exception cref="ResultsException">There is none.</exception>
    public string Find(string name)
    {
        if (names.FirstOrDefault(n => n == name) is { } same) return same;
        if (names.FirstOrDefault(n => n.EndsWith(']') && n.StartsWith(name + " [", StringComparison.Ordinal)) is { } axis) return axis;
        string[] plain = [.. names.Where(n => !n.EndsWith("_sem", StringComparison.Ordinal))];
        string near = Spelling.Nearest(name, plain) is { } found ? $"did you mean '{found}'?" : $"there are {string.Join(", ", plain)}";
        throw new ResultsException($"{Path}: there is no column '{name}'; {near}", exitCode: 2);
    }

    /// <summary>Whether there is a column of exactly this name.</summary>
    /// <param name="name">The name.</param>
    public bool Has(string name) => Array.IndexOf(names, name) >= 0;

    /// <summary>The words of a column.</summary>
    /// <param name="name">Its name.</param>
    public IReadOnlyList<string> Words(string name)
    {
        int c = Array.IndexOf(names, name);
        return [.. rows.Select(r => r[c])];
    }

    /// <summary>The numbers of a column; NaN where a cell is empty.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="ResultsException">A cell has no number.</exception>
    public IReadOnlyList<double> Numbers(string name) =>
    [
        .. Words(name).Select((text, i) => text.Length == 0 ? double.NaN
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) ? value
            : throw new ResultsException($"{Path}: row {i + 1} of '{name}' has '{text}', which is not a number", exitCode: 2)),
    ];

    /// <summary>The rows in which a column has a value.</summary>
    /// <param name="condition"><c>column=value</c>; numbers are compared as numbers.</param>
    /// <exception cref="ResultsException">It is no condition, there is no such column, or no row is left.</exception>
    public TableFile Where(string condition)
    {
        if (condition.Split('=', 2) is not [{ Length: > 0 } column, { Length: > 0 } value])
            throw new ResultsException($"--where {condition}: must be column=value", exitCode: 2);
        string name = Find(column);
        int c = Array.IndexOf(names, name);
        bool isNumber = double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double wanted);
        List<string[]> left = [.. rows.Where(r => r[c] == value
            || (isNumber && double.TryParse(r[c], NumberStyles.Float, CultureInfo.InvariantCulture, out double x) && Math.Abs(x - wanted) <= 1e-9 * Math.Abs(wanted)))];
        return left.Count > 0 ? new TableFile(Path, names, left)
            : throw new ResultsException($"--where {condition}: no row; '{name}' has {string.Join(", ", rows.Select(r => r[c]).Distinct().Take(20))}", exitCode: 2);
    }
}
