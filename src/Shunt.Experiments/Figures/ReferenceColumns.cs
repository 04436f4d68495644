using System.Globalization;
using CsvHelper;
using CsvHelper.Configuration;

namespace Shunt.Experiments;

/// <summary>Two columns of a CSV file.</summary>
/// <param name="file">Path.</param>
/// <param name="where">Conditions on rows, column and value.</param>
/// <param name="xColumn">Column of x, perhaps with a factor before it.</param>
/// <param name="yColumn">Column of y, perhaps with a factor before it.</param>
internal sealed class ReferenceColumns(string file, IReadOnlyList<KeyValuePair<string, string>> where, string xColumn, string yColumn)
{
    /// <summary>Numbers from a CSV file, as they are there.</summary>
    /// <exception cref="ExperimentFileException">It has no such column or rows, or something that is not a number.</exception>
    internal SeriesPoints Read()
    {
        (string xName, double xFactor) = Column(xColumn);
        (string yName, double yFactor) = Column(yColumn);
        var x = new List<double>();
        var y = new List<double>();
        using var csv = new CsvReader(new StreamReader(file), new CsvConfiguration(CultureInfo.InvariantCulture) { AllowComments = true });
        if (!csv.Read() || !csv.ReadHeader()) throw Wrong(0, "is empty");
        foreach (string name in where.Select(w => w.Key).Append(xName).Append(yName))
        {
            if (!csv.HeaderRecord!.Contains(name))
                throw Wrong(1, $"has no column '{name}'; there are {string.Join(", ", csv.HeaderRecord!)}");
        }

        while (csv.Read())
        {
            if (where.Any(w => !IsSame(csv.GetField(w.Key)!, w.Value))) continue;
            x.Add(xFactor * Number(xName));
            y.Add(yFactor * Number(yName));
        }

        if (x.Count == 0) throw Wrong(0, $"has no row with {string.Join(", ", where.Select(w => $"{w.Key} = {w.Value}"))}");
        return new SeriesPoints(x, y, new double[x.Count]);

        double Number(string name)
        {
            string text = csv.GetField(name)!;
            if (text.Length == 0) return double.NaN;
            return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
                ? value
                : throw Wrong(csv.Parser.RawRow, $"column '{name}' has '{text}', which is not a number");
        }

        ExperimentFileException Wrong(int line, string message) => new([new ExperimentProblem(file, line, 0, "", message)]);

        static bool IsSame(string a, string b) => a == b
            || (double.TryParse(a, NumberStyles.Float, CultureInfo.InvariantCulture, out double x)
                && double.TryParse(b, NumberStyles.Float, CultureInfo.InvariantCulture, out double y) && Math.Abs(x - y) <= 1e-9 * Math.Abs(y));
    }

    // number*column, or column
    private static (string Name, double Factor) Column(string text)
    {
        string[] parts = text.Split('*', 2);
        return parts.Length == 2 && double.TryParse(parts[0], NumberStyles.Float, CultureInfo.InvariantCulture, out double factor)
            ? (parts[1].Trim(), factor)
            : (text, 1);
    }
}
