using System.Globalization;
using System.Text.RegularExpressions;
using Shunt.Model;

namespace Shunt.Experiments;

/// <summary>Checks nodes against the key table, fills in defaults, and collects every problem instead of stopping at the first.</summary>
internal sealed partial class Binder
{
    private readonly List<ExperimentProblem> problems;
    private readonly Entry root;
    private FileForm form;

    private Binder(Shape.Map file, List<ExperimentProblem> problems, Place place)
    {
        this.problems = problems;
        root = new Entry(file, "", place);
    }

    /// <summary>Binds a file that has one form only.</summary>
    /// <param name="node">Its content.</param>
    /// <param name="file">Its keys.</param>
    /// <param name="what">What such a file describes, for messages.</param>
    /// <param name="problems">Receives what is wrong.</param>
    internal static Entry Bind(Node node, Shape.Map file, string what, List<ExperimentProblem> problems)
    {
        var binder = new Binder(file, problems, node.Place);
        if (node is MapNode map) binder.BindMap(binder.root, file, map, node.Place);
        else problems.Add(node.Place.Problem("", $"{what} is a map of keys, but this is {node.Description}"));
        return binder.root;
    }

    /// <summary>Binds a whole file.</summary>
    /// <param name="node">Its content.</param>
    /// <param name="problems">Receives what is wrong.</param>
    /// <param name="form">Short or general form; Any when the file mixes them or has neither.</param>
    internal static Entry Bind(Node node, List<ExperimentProblem> problems, out FileForm form)
    {
        var binder = new Binder(ExperimentKeys.File, problems, node.Place);
        form = FileForm.Any;
        if (node is not MapNode map)
        {
            problems.Add(node.Place.Problem(
                "",
                node is ScalarNode { IsEmpty: true }
                    ? "the file is empty; an experiment needs at least populations, coupling and input"
                    : $"an experiment is a map of keys, but this is {node.Description}"));
            return binder.root;
        }

        form = binder.form = binder.FormOf(map);
        binder.BindMap(binder.root, ExperimentKeys.File, map, node.Place);
        return binder.root;
    }

    private FileForm FormOf(MapNode map)
    {
        ScalarNode? Key(FileForm wanted) =>
            map.Entries.Select(e => e.Key).FirstOrDefault(k => ExperimentKeys.File.Keys.Any(s => s.Form == wanted && s.Name == k.Text));
        ScalarNode? brief = Key(FileForm.Short);
        ScalarNode? general = Key(FileForm.General);
        if (brief is not null && general is not null)
        {
            ScalarNode second = map.Entries.Select(e => e.Key).Last(k => k == brief || k == general);
            problems.Add(second.Place.Problem(
                second.Text,
                $"'{general.Text}' belongs to the general form (inputs, projections) and '{brief.Text}' to the short form (coupling, input, delays); "
                + "one file uses one of the two"));
            return FileForm.Any;
        }

        if (brief is null && general is null)
        {
            problems.Add(map.Place.Problem("",
                "there is no network; write the short form (coupling, input, delays) or the general form (inputs, projections)"));
            return FileForm.Any;
        }

        return brief is not null ? FileForm.Short : FileForm.General;
    }

    /// <summary>Binds a node and hands its entry to its parent, before its children are bound: their defaults may look at it.</summary>
    private void BindNode(Shape shape, Node node, string path, Action<Entry> attach)
    {
        bool isLeaf = shape is not (Shape.Map or Shape.Named or Shape.ListOf);
        var entry = new Entry(shape, path, node.Place) { Value = isLeaf ? ReadLeaf(shape, node, path) : null };
        attach(entry);
        switch (shape)
        {
            case Shape.Map map:
                if (AsMap(node, path) is { } keys) BindMap(entry, map, keys, node.Place);
                break;
            case Shape.Named named:
                if (AsMap(node, path) is { } names) BindNamed(entry, named, names, path);
                break;
            case Shape.ListOf list when node is ListNode { Items: var items }:
                for (int i = 0; i < items.Count; i++)
                    BindNode(list.Each, items[i], FormattableString.Invariant($"{path}[{i}]"), entry.Items.Add);
                break;
            case Shape.ListOf:
                problems.Add(node.Place.Problem(path, $"must be a list of maps, each after '- '; this is {node.Description}"));
                break;
        }
    }

    private MapNode? AsMap(Node node, string path)
    {
        if (node is MapNode map) return map;
        if (node is ScalarNode { IsEmpty: true }) return new MapNode(node.Place, []);
        problems.Add(node.Place.Problem(path, $"must be a map of keys; this is {node.Description}"));
        return null;
    }

    private void BindMap(Entry entry, Shape.Map shape, MapNode map, Place place)
    {
        ReportUnknownAndRepeated(shape, map, entry.Path);
        foreach (Key key in shape.Keys)
        {
            string path = Join(entry.Path, key.Name);
            Node? node = map.Find(key.Name);
            if (!Applies(key, entry, path, node)) continue;
            if (node is ScalarNode { IsEmpty: true } empty && key.Shape is not (Shape.Map or Shape.Named))
            {
                problems.Add(empty.Place.Problem(path, $"has no value: {key.Doc}"));
                continue;
            }

            if (node is not null) BindNode(key.Shape, node, path, child => entry.Add(key.Name, child));
            else BindMissing(key, entry, path, place);
        }
    }

    private void BindNamed(Entry entry, Shape.Named shape, MapNode map, string path)
    {
        ReportRepeated(map, path);
        foreach ((ScalarNode key, Node value) in map.Entries.DistinctBy(e => e.Key.Text))
        {
            if (!NamePattern().IsMatch(key.Text))
            {
                problems.Add(key.Place.Problem(
                    path, $"'{key.Text}' cannot be the name of a {shape.What}; a name is a letter followed by letters, digits, '_' or '-'"));
                continue;
            }

            BindNode(shape.Each, value, Join(path, key.Text), child => entry.Add(key.Text, child));
        }
    }

    /// <summary>A key that was not written: its default, or a problem, or nothing.</summary>
    private void BindMissing(Key key, Entry parent, string path, Place place)
    {
        string? from = key.DefaultFrom?.Replace("{type}", parent.Find("type")?.Value as string ?? "", StringComparison.Ordinal);
        if (from is not null && Look(from) is { } lender)
        {
            parent.Add(key.Name, lender.Lend(key.Shape));
        }
        else if ((key.Default ?? key.DefaultBy?.Value(parent, root)) is { } text)
        {
            BindNode(key.Shape, new ScalarNode(place, text), path, child => parent.Add(key.Name, child));
        }
        else if (key.Required && (key.Form == FileForm.Any || key.Form == form) && !IsMissingThere(key, from))
        {
            problems.Add(place.Problem(path, $"missing: {key.Doc}"));
        }
    }

    /// <summary>Whether a value that should have been taken over is missing at its own place, and was reported there.</summary>
    private bool IsMissingThere(Key key, string? from) =>
        from is not null && key.When is ({ } other, { } value) && other[0] == '.'
        && Look(from[..from.LastIndexOf('.')])?.Find(other[1..])?.Value is string actual && actual == value;

    private bool Applies(Key key, Entry parent, string path, Node? node)
    {
        if (node is null && key.Form != FileForm.Any && key.Form != form) return false;
        if (key.When is not ({ } other, { } value)) return true;
        Entry? condition = other[0] == '.' ? parent.Find(other[1..]) : Look(other);
        string? actual = condition?.Value switch { bool b => b ? "true" : "false", string s => s, _ => null };
        if (actual == value) return true;
        if (actual is null) return node is not null; // the condition is itself wrong: check what was written, expect nothing
        string name = other[0] == '.' ? Join(parent.Path, other[1..]) : other;
        if (node is not null) problems.Add(node.Place.Problem(path, $"has no meaning here: it needs {name}: {value}, and that is {actual}"));
        return false;
    }

    private Entry? Look(string path)
    {
        Entry? entry = root;
        foreach (string name in path.Split('.')) entry = entry?.Find(name);
        return entry;
    }

    private void ReportUnknownAndRepeated(Shape.Map shape, MapNode map, string path)
    {
        ReportRepeated(map, path);
        foreach ((ScalarNode key, _) in map.Entries)
        {
            if (shape.Keys.Any(k => k.Name == key.Text)) continue;
            string[] allowed = [.. shape.Keys.Select(k => k.Name)];
            string hint = Spelling.Nearest(key.Text, allowed) is { } near ? $"did you mean '{near}'?" : $"allowed: {string.Join(", ", allowed)}";
            problems.Add(key.Place.Problem(Join(path, key.Text), $"unknown key '{key.Text}'; {hint}"));
        }
    }

    private void ReportRepeated(MapNode map, string path)
    {
        foreach (var group in map.Entries.GroupBy(e => e.Key.Text))
        {
            ScalarNode first = group.First().Key;
            foreach ((ScalarNode key, _) in group.Skip(1))
                problems.Add(
                    key.Place.Problem(Join(path, key.Text), FormattableString.Invariant($"written twice; the first is at line {first.Place.Line}")));
        }
    }

    private object? ReadLeaf(Shape shape, Node node, string path)
    {
        if (node is not ScalarNode { Text: var text })
        {
            problems.Add(node.Place.Problem(path, $"must be one value; this is {node.Description}"));
            return null;
        }

        string problem = "";
        object? value = shape switch
        {
            Shape.Number number => ReadNumber(number, text, out problem),
            Shape.Integer integer => ReadInteger(integer, text, out problem),
            Shape.Choice choice => ReadChoice(choice, text, out problem),
            Shape.Flag => ReadFlag(text, out problem),
            Shape.Delay => ReadDelay(text, out problem),
            _ => text,
        };
        if (problem.Length == 0) return value;
        problems.Add(node.Place.Problem(path, problem));
        return null;
    }

    private static object? ReadNumber(Shape.Number shape, string text, out string problem)
    {
        if (!Quantity.TryParse(text, shape.Dimension, out double value, out problem)) return null;
        problem = shape.Limit switch
        {
            Limit.MayBeInfinite => "",
            Limit.PositiveOrInfinite => value > 0 ? "" : $"{text}; must be positive, or inf",
            _ when !double.IsFinite(value) => $"{text}; must be finite",
            Limit.Positive when value <= 0 => $"{text}; must be positive",
            Limit.NotNegative when value < 0 => $"{text}; must be zero or more",
            _ => "",
        };
        return value + 0.0; // -0 becomes 0
    }

    private static decimal ReadInteger(Shape.Integer shape, string text, out string problem)
    {
        problem = "";
        string plain = text.Replace("_", "", StringComparison.Ordinal);
        if (!decimal.TryParse(plain, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal value) || value != decimal.Truncate(value))
            problem = $"'{text}' is not a whole number";
        else if (value < shape.Minimum) problem = FormattableString.Invariant($"{text}; must be {shape.Minimum} or more");
        else if (value > shape.Maximum) problem = FormattableString.Invariant($"{text}; must be {shape.Maximum} or less");
        return value;
    }

    private static string ReadChoice(Shape.Choice shape, string text, out string problem)
    {
        problem = shape.Names.Contains(text, StringComparer.Ordinal)
            ? ""
            : $"'{text}' is not a choice; allowed: {string.Join(", ", shape.Names)}"
              + (shape.Names.Length > 1 && Spelling.Nearest(text, shape.Names) is { } near ? $" (did you mean '{near}'?)" : "");
        return text;
    }

    private static object? ReadFlag(string text, out string problem)
    {
        problem = text is "true" or "false" ? "" : $"'{text}' is not a choice; allowed: true, false";
        return text == "true";
    }

    private static DelayLaw? ReadDelay(string text, out string problem)
    {
        problem = "";
        if (text.Trim() == "none") return new DelayLaw.None();
        string[] ends = text.Split("..");
        if (ends.Length > 2)
        {
            problem = $"'{text}' is not a delay; write none, 1 ms or 0..10 ms";
            return null;
        }

        // In "0..10 ms" the unit of the upper end holds for both.
        if (ends.Length == 2 && Quantity.TrySplit(ends[0], out _, out string unit) && unit.Length == 0
            && Quantity.TrySplit(ends[1], out _, out string shared))
            ends[0] = $"{ends[0].Trim()} {shared}";
        var values = new double[ends.Length];
        for (int i = 0; i < ends.Length; i++)
        {
            if (Quantity.TryParse(ends[i].Trim(), Dimension.Time, out values[i], out problem)) continue;
            if (ends.Length == 1 && !Quantity.TrySplit(text, out _, out _)) problem = $"'{text}' is not a delay; write none, 1 ms or 0..10 ms";
            return null;
        }

        return values.Length == 1 ? new DelayLaw.Constant(values[0]) : new DelayLaw.Uniform(values[0], values[1]);
    }

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_-]*$")]
    private static partial Regex NamePattern();
}
