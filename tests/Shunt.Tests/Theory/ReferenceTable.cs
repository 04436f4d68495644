using System.Globalization;
using Xunit;

namespace Shunt.Tests.Theory;

/// <summary>A CSV table of reference/theory; see the README there.</summary>
internal sealed class ReferenceTable
{
    private readonly string[] header;
    private readonly List<string[]> rows;

    private ReferenceTable(string name)
    {
        string[] lines = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "reference", "theory", name + ".csv"));
        header = lines[0].Split(',');
        rows = [.. lines.Skip(1).Where(l => l.Length > 0).Select(Fields)];
    }

    internal static IReadOnlyList<Row> Rows(string name)
    {
        var table = new ReferenceTable(name);
        return [.. table.rows.Select((fields, i) => new Row(table.header, fields, $"{name}.csv, row {i + 2}"))];
    }

    private static string[] Fields(string line)
    {
        var fields = new List<string> { "" };
        bool quoted = false;
        foreach (char c in line)
        {
            if (c == '"') quoted = !quoted;
            else if (c == ',' && !quoted) fields.Add("");
            else fields[^1] += c;
        }

        return [.. fields];
    }

    internal sealed record Row(string[] Header, string[] Fields, string Where)
    {
        internal double this[string column] => double.Parse(Text(column), NumberStyles.Float, CultureInfo.InvariantCulture);

        internal string Text(string column) => Fields[Array.IndexOf(Header, column)];
    }
}

/// <summary>Assertions on numbers that say how far off they are.</summary>
internal static class Near
{
    internal static void Relative(double expected, double actual, double tolerance, string what)
    {
        double error = expected == actual ? 0 : Math.Abs(actual - expected) / Math.Abs(expected);
        Assert.True(
            error <= tolerance,
            FormattableString.Invariant($"{what}: expected {expected:R}, got {actual:R}, relative error {error:G3} > {tolerance:G3}"));
    }

    internal static void Absolute(double expected, double actual, double tolerance, string what)
    {
        double error = Math.Abs(actual - expected);
        Assert.True(
            error <= tolerance,
            FormattableString.Invariant($"{what}: expected {expected:R}, got {actual:R}, error {error:G3} > {tolerance:G3}"));
    }
}
