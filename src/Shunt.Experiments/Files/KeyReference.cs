using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Shunt.Experiments;

/// <summary>
/// The key table for people (Markdown) and for editors (JSON schema). The repository keeps both beside the code; tests keep them in step.
/// </summary>
public static class KeyReference
{
    private static readonly JsonSerializerOptions Indented =
        new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Every key of experiment files with what may be written, its default and its meaning, as Markdown tables, one per section.</summary>
    public static string Markdown() => Markdown(ExperimentKeys.File);

    /// <summary>The same for figure files.</summary>
    public static string FigureMarkdown() => Markdown(FigureKeys.File);

    private static string Markdown(Shape.Map file)
    {
        var text = new StringBuilder();
        foreach (Key section in file.Keys)
        {
            string form = section.Form switch { FileForm.Short => " (short form)", FileForm.General => " (general form)", _ => "" };
            text.Append(CultureInfo.InvariantCulture, $"### `{section.Name}`{form}\n\n{Sentence(section.Doc)}{Condition(section)}\n\n");
            var rows = new List<string>();
            AddRows(rows, section.Shape, "");
            if (rows.Count > 0) text.Append("| key | value | default | meaning |\n|---|---|---|---|\n").AppendJoin('\n', rows).Append("\n\n");
            else text.Append(CultureInfo.InvariantCulture, $"Value: {Describe(section.Shape)}. Default: {DefaultOf(section)}.\n\n");
        }

        return text.ToString();
    }

    /// <summary>A JSON schema (draft 2020-12) of experiment files, for editors that complete and check YAML.</summary>
    public static string JsonSchema() => JsonSchema(ExperimentKeys.File, "Shunt experiment file");

    /// <summary>The same for figure files.</summary>
    public static string FigureJsonSchema() => JsonSchema(FigureKeys.File, "Shunt figure file");

    private static string JsonSchema(Shape.Map file, string title)
    {
        JsonObject schema = SchemaOf(file);
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "title", title);
        return schema.ToJsonString(Indented) + "\n";
    }

    private static void AddRows(List<string> rows, Shape shape, string prefix)
    {
        switch (shape)
        {
            case Shape.Named named:
                AddRow(rows, named.Each, $"{prefix}NAME", $"one {named.What}", "");
                break;
            case Shape.ListOf list:
                AddRows(rows, list.Each, $"{prefix}- ");
                break;
            case Shape.Map map:
                foreach (Key key in map.Keys) AddRow(rows, key.Shape, prefix + key.Name, key.Doc + Condition(key), DefaultOf(key));
                break;
        }
    }

    private static void AddRow(List<string> rows, Shape shape, string name, string doc, string whenMissing)
    {
        rows.Add($"| `{name}` | {Describe(shape)} | {whenMissing} | {doc} |");
        bool isNeuronOfPopulation = name.EndsWith(".neuron", StringComparison.Ordinal);
        if (!isNeuronOfPopulation && shape is Shape.Map or Shape.Named) AddRows(rows, shape, $"{name}.");
        if (shape is Shape.ListOf { Each: Shape.Map each }) AddRows(rows, each, $"{name} - ");
    }

    private static string DefaultOf(Key key)
    {
        if (key.DefaultFrom is { } from) return $"`{from}`";
        if (key.DefaultBy is { } by) return by.Words;
        return key.Default is { Length: > 0 } text ? $"`{text}`" : key.Required ? "required" : "";
    }

    private static string Condition(Key key) => key.When is ({ } path, { } value) ? $" (only with `{path.TrimStart('.')}: {value}`)" : "";

    private static string Sentence(string doc) => char.ToUpperInvariant(doc[0]) + doc[1..] + ".";

    private static string Describe(Shape shape) => shape switch
    {
        Shape.Number { Dimension: Dimension.None } n => Limited("number", n.Limit),
        Shape.Number n => Limited(Quantity.Name(n.Dimension)[2..] + $" ({Quantity.Symbols(n.Dimension)})", n.Limit),
        Shape.Integer n => FormattableString.Invariant($"whole number, {n.Minimum} or more"),
        Shape.Choice choice => string.Join(" or ", choice.Names.Select(c => $"`{c}`")),
        Shape.Flag => "`true` or `false`",
        Shape.Delay => "`none`, a time, or a range such as `0..10 ms`",
        Shape.Text => "text",
        Shape.ListOf => "list",
        _ => "map",
    };

    private static string Limited(string what, Limit limit) => limit switch
    {
        Limit.Positive => $"{what}, positive",
        Limit.PositiveOrInfinite => $"{what}, positive or `inf`",
        Limit.NotNegative => $"{what}, zero or more",
        _ => what,
    };

    private static JsonObject SchemaOf(Shape shape)
    {
        switch (shape)
        {
            case Shape.Map map:
                var properties = new JsonObject();
                foreach (Key key in map.Keys)
                {
                    JsonObject property = SchemaOf(key.Shape);
                    property["description"] = key.Doc + Condition(key).Replace("`", "", StringComparison.Ordinal);
                    if (key is { DefaultFrom: null, Default: { Length: > 0 } text }) property["default"] = DefaultValue(key.Shape, text);
                    properties[key.Name] = property;
                }

                var schema = new JsonObject { ["type"] = "object", ["properties"] = properties, ["additionalProperties"] = false };
                string[] required = [.. map.Keys.Where(k => k.Required && k.When is null && k.Form == FileForm.Any).Select(k => k.Name)];
                if (required.Length > 0) schema["required"] = new JsonArray([.. required.Select(r => JsonValue.Create(r))]);
                return schema;
            case Shape.Named named:
                return new JsonObject { ["type"] = "object", ["additionalProperties"] = SchemaOf(named.Each) };
            case Shape.ListOf list:
                return new JsonObject { ["type"] = "array", ["items"] = SchemaOf(list.Each) };
            case Shape.Number { Dimension: Dimension.None } number:
                var plain = new JsonObject { ["type"] = "number" };
                if (number.Limit == Limit.Positive) plain["exclusiveMinimum"] = 0;
                if (number.Limit == Limit.NotNegative) plain["minimum"] = 0;
                return plain;
            case Shape.Number number:
                return new JsonObject { ["type"] = "string", ["pattern"] = $"^{Pattern(number)}$" };
            case Shape.Integer integer:
                var whole = new JsonObject { ["type"] = "integer", ["minimum"] = integer.Minimum };
                return new JsonObject { ["anyOf"] = new JsonArray(whole, new JsonObject { ["type"] = "string", ["pattern"] = "^[0-9][0-9_]*$" }) };
            case Shape.Choice choice:
                return new JsonObject { ["enum"] = new JsonArray([.. choice.Names.Select(n => JsonValue.Create(n))]) };
            case Shape.Flag:
                return new JsonObject { ["type"] = "boolean" };
            case Shape.Delay:
                string time = Pattern(Shape.Time(Limit.NotNegative));
                return new JsonObject { ["type"] = "string", ["pattern"] = $"^(none|{time}|({time}|{Digits})\\s*\\.\\.\\s*{time})$" };
            default:
                return new JsonObject { ["type"] = "string" };
        }
    }

    private const string Digits = @"\+?([0-9][0-9_]*\.?[0-9_]*|\.[0-9]+)([eE][+-]?[0-9]+)?";

    private static string Pattern(Shape.Number number)
    {
        string sign = number.Limit is Limit.Finite or Limit.MayBeInfinite ? "-?" : "";
        string infinity = number.Limit is Limit.MayBeInfinite or Limit.PositiveOrInfinite ? "|inf" : "";
        return $@"{sign}({Digits}{infinity})\s*({string.Join('|', Quantity.AllSymbols(number.Dimension))})";
    }

    private static JsonValue DefaultValue(Shape shape, string text) => shape switch
    {
        Shape.Number { Dimension: Dimension.None } => JsonValue.Create(double.Parse(text, CultureInfo.InvariantCulture)),
        Shape.Integer => JsonValue.Create(long.Parse(text, CultureInfo.InvariantCulture)),
        Shape.Flag => JsonValue.Create(text == "true"),
        _ => JsonValue.Create(text),
    };
}
