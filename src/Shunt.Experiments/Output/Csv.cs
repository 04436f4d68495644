using System.Globalization;
using System.Text;

namespace Shunt.Experiments;

/// <summary>Builds a table as CSV: point decimals, empty cells for numbers that are not known, quotes where a text needs them.</summary>
internal sealed class Csv
{
    private readonly StringBuilder text = new();

    internal Csv(string[] header) => Add(header);

    internal void Add(object[] cells)
    {
        for (int i = 0; i < cells.Length; i++)
        {
            if (i > 0) text.Append(',');
            text.Append(Cell(cells[i]));
        }

        text.Append('\n');
    }

    public override string ToString() => text.ToString();

    private static string Cell(object value) => value switch
    {
        double x => double.IsNaN(x) ? "" : x.ToString("R", CultureInfo.InvariantCulture),
        string s when s.AsSpan().IndexOfAny(",\"\n") >= 0 => $"\"{s.Replace("\"", "\"\"", StringComparison.Ordinal)}\"",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}
