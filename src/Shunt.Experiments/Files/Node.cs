using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Shunt.Experiments;

/// <summary>Where a value was written.</summary>
/// <param name="Source">File or override.</param>
/// <param name="Line">Line from 1, or 0.</param>
/// <param name="Column">Column from 1, or 0.</param>
internal sealed record Place(string Source, long Line, long Column)
{
    internal ExperimentProblem Problem(string path, string message) => new(Source, Line, Column, path, message);
}

/// <summary>
/// A YAML value with its place. Built from YamlDotNet's events, so that a key written twice is a problem with two places instead of an
/// exception.
/// </summary>
/// <param name="Place">Where it starts.</param>
internal abstract record Node(Place Place)
{
    /// <summary>What it is, for messages.</summary>
    internal abstract string Description { get; }
}

/// <summary>A text or number.</summary>
/// <param name="Place">Where it starts.</param>
/// <param name="Text">The text without quotes.</param>
internal sealed record ScalarNode(Place Place, string Text) : Node(Place)
{
    /// <summary>True when nothing was written.</summary>
    internal bool IsEmpty => Text.Length == 0 || Text == "~" || Text == "null";

    internal override string Description => IsEmpty ? "nothing" : $"'{Text}'";
}

/// <summary>Keys and values in the order of the file.</summary>
/// <param name="Place">Where it starts.</param>
/// <param name="Entries">The entries; a key may occur twice.</param>
internal sealed record MapNode(Place Place, IReadOnlyList<(ScalarNode Key, Node Value)> Entries) : Node(Place)
{
    internal override string Description => "a map of keys";

    internal Node? Find(string key) => Entries.FirstOrDefault(e => e.Key.Text == key).Value;
}

/// <summary>A list.</summary>
/// <param name="Place">Where it starts.</param>
/// <param name="Items">Its items.</param>
internal sealed record ListNode(Place Place, IReadOnlyList<Node> Items) : Node(Place)
{
    internal override string Description => "a list";
}

/// <summary>Reads YAML text into nodes.</summary>
internal sealed class NodeReader
{
    private readonly string source;
    private readonly Parser parser;
    private readonly Dictionary<AnchorName, Node> anchors = [];
    private readonly Stack<(char Bracket, Mark Mark)> open = new();

    private NodeReader(string text, string source)
    {
        this.source = source;
        parser = new Parser(new StringReader(text));
    }

    /// <summary>Reads one document.</summary>
    /// <param name="text">YAML text.</param>
    /// <param name="source">File or override, for places.</param>
    /// <exception cref="ExperimentFileException">The text is not YAML, or it is empty.</exception>
    internal static Node Read(string text, string source)
    {
        var reader = new NodeReader(text, source);
        try
        {
            reader.parser.Consume<StreamStart>();
            if (reader.parser.Accept<StreamEnd>(out _)) return new ScalarNode(new Place(source, 0, 0), "");
            reader.parser.Consume<DocumentStart>();
            Node root = reader.ReadNode();
            reader.parser.Consume<DocumentEnd>();
            if (reader.parser.Accept<DocumentStart>(out DocumentStart? second))
                throw new ExperimentFileException(
                    [reader.At(second!.Start).Problem("", "a second YAML document starts here; one file is one experiment")]);
            return root;
        }
        catch (YamlException e)
        {
            throw new ExperimentFileException([reader.Explain(e.Start, e.Message)]);
        }
        catch (InvalidOperationException)
        {
            // What YamlDotNet's scanner throws when a text that begins inside a bracket runs on into the next lines.
            throw new ExperimentFileException([reader.Explain(reader.parser.Current?.End ?? Mark.Empty, "the next lines do not continue it")]);
        }
    }

    private Node ReadNode()
    {
        if (parser.Current is AnchorAlias alias)
        {
            parser.MoveNext();
            return anchors.TryGetValue(alias.Value, out Node? known)
                ? known
                : throw new YamlException(alias.Start, alias.End, $"no value is called '&{alias.Value}'");
        }

        Mark start = parser.Current!.Start;
        AnchorName anchor = parser.Current is NodeEvent { Anchor: { IsEmpty: false } name } ? name : AnchorName.Empty;
        Node node = parser.Current switch
        {
            MappingStart => ReadMap(),
            SequenceStart => ReadList(),
            _ => new ScalarNode(At(start), parser.Consume<Scalar>().Value),
        };
        if (!anchor.IsEmpty) anchors[anchor] = node;
        return node;
    }

    private MapNode ReadMap()
    {
        MappingStart start = parser.Consume<MappingStart>();
        if (start.Style == MappingStyle.Flow) open.Push(('{', start.Start));
        var entries = new List<(ScalarNode, Node)>();
        while (!parser.TryConsume<MappingEnd>(out _))
        {
            if (parser.Current is not Scalar key) throw new YamlException(parser.Current!.Start, parser.Current.End, "a key must be a word");
            parser.MoveNext();
            entries.Add((new ScalarNode(At(key.Start), key.Value), ReadNode()));
        }

        if (start.Style == MappingStyle.Flow) open.Pop();
        return new MapNode(At(start.Start), entries);
    }

    private ListNode ReadList()
    {
        SequenceStart start = parser.Consume<SequenceStart>();
        if (start.Style == SequenceStyle.Flow) open.Push(('[', start.Start));
        var items = new List<Node>();
        while (!parser.TryConsume<SequenceEnd>(out _)) items.Add(ReadNode());
        if (start.Style == SequenceStyle.Flow) open.Pop();
        return new ListNode(At(start.Start), items);
    }

    private Place At(Mark mark) => new(source, mark.Line, mark.Column);

    private ExperimentProblem Explain(Mark stop, string message)
    {
        string reason = message.Trim().TrimEnd('.');
        reason = char.ToLowerInvariant(reason[0]) + reason[1..];
        if (open.Count == 0) return At(stop).Problem("", $"not valid YAML: {reason}");
        (char bracket, Mark mark) = open.Peek();
        char closing = bracket == '{' ? '}' : ']';
        return At(mark).Problem("",
            $"not valid YAML: the '{bracket}' opened here is not closed by '{closing}', or something inside it is wrong ({reason})");
    }
}
