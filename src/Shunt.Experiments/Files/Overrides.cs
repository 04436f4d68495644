using System.Globalization;
using System.Text.RegularExpressions;

namespace Shunt.Experiments;

/// <summary>Puts <c>path=value</c> into a tree of nodes. Trees are immutable: what an override does not touch is shared.</summary>
internal static partial class Overrides
{
    /// <summary>Splits <c>path=value</c>.</summary>
    /// <param name="option">Name of the option, for messages.</param>
    /// <param name="text">What was written after it.</param>
    /// <exception cref="ExperimentFileException">There is no '=' or no path.</exception>
    internal static (string Path, string Value) Split(string option, string text)
    {
        int equals = text.IndexOf('=', StringComparison.Ordinal);
        if (equals > 0 && equals < text.Length - 1) return (text[..equals].Trim(), text[(equals + 1)..].Trim());
        string form = option == "--sweep" ? "path=start:stop:n, for instance input.rate=10:50:5 Hz" : "path=value, for instance coupling.K=500";
        throw new ExperimentFileException([new Place($"{option} {text}", 0, 0).Problem("", $"must be {form}")]);
    }

    /// <summary>The tree with one value replaced or added; maps on the way to it are created.</summary>
    /// <param name="root">The tree.</param>
    /// <param name="path">Dotted path, for instance <c>projections[1].K</c>.</param>
    /// <param name="value">The value, as YAML.</param>
    /// <param name="source">The whole override, for messages.</param>
    /// <exception cref="ExperimentFileException">The path does not fit the tree, or the value is not YAML.</exception>
    internal static Node Apply(Node root, string path, string value, string source)
    {
        var steps = new List<string>();
        foreach (string part in path.Split('.'))
        {
            Match match = Step().Match(part);
            if (!match.Success)
            {
                throw new ExperimentFileException(
                    [new Place(source, 0, 0).Problem("",
                        $"'{path}' is not a path; write dotted keys, for instance neuron.tau_m or projections[1].K")]);
            }

            steps.Add(match.Groups[1].Value);
            steps.AddRange(match.Groups[2].Captures.Select(c => c.Value));
        }

        try
        {
            return Put(root, steps, 0, Detached(NodeReader.Read(value, source), source), source);
        }
        catch (ExperimentFileException e)
        {
            throw new ExperimentFileException(e.Problems.Select(p => p with { Line = 0, Column = 0 }));
        }
    }

    private static Node Put(Node node, List<string> steps, int depth, Node value, string source)
    {
        if (depth == steps.Count) return value;
        string step = steps[depth];
        string path = string.Join('.', steps.Take(depth)).Replace(".[", "[", StringComparison.Ordinal);
        var place = new Place(source, 0, 0);
        if (step[0] == '[')
        {
            int index = int.Parse(step[1..^1], CultureInfo.InvariantCulture);
            if (node is not ListNode list)
                throw new ExperimentFileException([place.Problem(path, $"is not a list; it is {node.Description}")]);
            if (index >= list.Items.Count)
            {
                throw new ExperimentFileException(
                    [place.Problem($"{path}{step}", FormattableString.Invariant($"the list has {list.Items.Count} entries, numbered from 0"))]);
            }

            Node[] items = [.. list.Items];
            items[index] = Put(items[index], steps, depth + 1, value, source);
            return list with { Items = items };
        }

        MapNode map = node switch
        {
            MapNode existing => existing,
            ScalarNode { IsEmpty: true } => new MapNode(place, []),
            ListNode list => throw new ExperimentFileException([place.Problem(
                path, FormattableString.Invariant($"is a list; choose an entry by its number, {path}[0] to {path}[{list.Items.Count - 1}]"))]),
            _ => throw new ExperimentFileException([place.Problem(path, $"is one value, {node.Description}, and has no keys")]),
        };
        (ScalarNode Key, Node Value)[] entries = [.. map.Entries];
        int at = Array.FindIndex(entries, e => e.Key.Text == step);
        if (at >= 0)
        {
            entries[at] = (entries[at].Key, Put(entries[at].Value, steps, depth + 1, value, source));
            return map with { Entries = entries };
        }

        var created = new ScalarNode(place, "");
        return map with { Entries = [.. entries, (new ScalarNode(place, step), Put(created, steps, depth + 1, value, source))] };
    }

    /// <summary>Line and column within an override would point nowhere.</summary>
    private static Node Detached(Node node, string source)
    {
        var place = new Place(source, 0, 0);
        return node switch
        {
            ScalarNode scalar => scalar with { Place = place },
            ListNode list => list with { Place = place, Items = [.. list.Items.Select(i => Detached(i, source))] },
            MapNode map => map with
            {
                Place = place,
                Entries = [.. map.Entries.Select(e => (e.Key with { Place = place }, Detached(e.Value, source)))],
            },
            _ => node,
        };
    }

    [GeneratedRegex(@"^([A-Za-z][A-Za-z0-9_-]*)(\[\d{1,6}\])*$")]
    private static partial Regex Step();
}
