using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Shunt.Model;

namespace Shunt.Experiments;

/// <summary>Writes a bound file with every default in place; reading it again gives the same model and settings.</summary>
internal static partial class ResolvedFile
{
    internal static string Write(Entry root)
    {
        var text = new StringBuilder("# Complete: every override applied, every default written out. Running this file gives the same spikes.\n");
        WriteMap(text, root, 0);
        return text.ToString();
    }

    /// <summary>A leaf as text that reads back to the same value.</summary>
    internal static string Leaf(Entry entry) => (entry.Shape, entry.Value) switch
    {
        (Shape.Number number, double value) => Quantity.Format(value, number.Unit),
        (_, decimal value) => value.ToString("F0", CultureInfo.InvariantCulture),
        (_, bool value) => value ? "true" : "false",
        (_, DelayLaw.None) => "none",
        (_, DelayLaw.Constant(var value)) => Quantity.Format(value, "ms"),
        (_, DelayLaw.Uniform(var minimum, var maximum)) => $"{Quantity.Format(minimum, "ms")}..{Quantity.Format(maximum, "ms")}",
        (_, string value) => PlainText().IsMatch(value) ? value : JsonSerializer.Serialize(value),
        _ => throw new UnusableEntryException(entry.Path),
    };

    private static void WriteMap(StringBuilder text, Entry map, int indent, string firstPrefix = "")
    {
        string prefix = firstPrefix;
        foreach (string name in map.Names)
        {
            Entry child = map[name];
            text.Append(prefix.Length > 0 ? prefix : new string(' ', indent)).Append(name).Append(':');
            prefix = "";
            switch (child.Shape)
            {
                case Shape.Map or Shape.Named when child.Names.Count == 0:
                    text.Append(" {}\n");
                    break;
                case Shape.Map or Shape.Named:
                    text.Append('\n');
                    WriteMap(text, child, indent + 2);
                    break;
                case Shape.ListOf { Each: not Shape.Map }:
                    text.Append(CultureInfo.InvariantCulture, $" [{string.Join(", ", child.Items.Select(Leaf))}]\n");
                    break;
                case Shape.ListOf:
                    text.Append('\n');
                    foreach (Entry item in child.Items) WriteMap(text, item, indent + 4, new string(' ', indent + 2) + "- ");
                    break;
                default:
                    text.Append(' ').Append(Leaf(child)).Append('\n');
                    break;
            }
        }
    }

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_./(),=+-]*( [A-Za-z0-9_./(),=+-]+)*$")]
    private static partial Regex PlainText();
}
