using System.Reflection;
using System.Text.Json;
using Shunt.Experiments;
using Shunt.Model;
using Shunt.Simulation;
using Shunt.Tests.Experiments;
using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Documents;

public class GlossaryTests
{
    private const BindingFlags Any = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.FlattenHierarchy;

    private static readonly string[][] Rows =
        [.. new Page("docs/glossary.md").Table("| symbol | meaning | API | file key | JSON name | unit |")];

    private static readonly Assembly[] Libraries =
        [typeof(NetworkModel).Assembly, typeof(TransferFunction).Assembly, typeof(Simulator).Assembly, typeof(Experiment).Assembly];

    [Fact]
    public void Rows_have_six_cells_and_those_that_explain_name_something()
    {
        Assert.True(Rows.Length > 60);
        Assert.All(Rows, r => Assert.Equal(6, r.Length));
        Assert.All(Rows.Where(r => !r[0].StartsWith("**", StringComparison.Ordinal)), r =>
        {
            Assert.NotEqual("", r[1]);
            Assert.NotEmpty(Page.Code(r[2]).Concat(Page.Code(r[3])));
        });
    }

    [Fact]
    public void Every_name_of_the_API_is_a_public_member()
    {
        Type[] types = [.. Libraries.SelectMany(a => a.GetTypes()).Where(t => t.IsVisible)];
        Assert.All(Rows.SelectMany(r => Page.Code(r[2])), name =>
        {
            string[] parts = name.Split('.');
            Assert.Equal(2, parts.Length);
            Assert.True(types.Any(t => t.Name == parts[0] && t.GetMember(parts[1], Any).Length > 0), $"{name} is no public member");
        });
    }

    [Fact]
    public void Every_file_key_is_in_the_key_table()
    {
        HashSet<string> keys = [.. FileKeys()];
        Assert.Contains("neuron.tau_m", keys);
        Assert.All(Rows.SelectMany(r => Page.Code(r[3])), key => Assert.Contains(key, keys));
    }

    [Fact]
    public void Every_key_for_a_quantity_is_in_the_glossary()
    {
        string[] named = [.. Rows.SelectMany(r => Page.Code(r[3]))];
        string[] notQuantities = // choices and names, and maps of what has rows of its own
        [
            "neuron.model", "populations.NAME", "populations.NAME.neuron", "coupling.recurrent", "coupling.scaling", "inputs.NAME",
            "projections[].from", "projections[].to", "projections[].type",
        ];
        Assert.Equal([], FileKeys().Where(k => k.Contains('.', StringComparison.Ordinal)).Except(named).Except(notQuantities));
    }

    [Fact]
    public void Every_JSON_name_is_written_by_a_run()
    {
        using var json = JsonDocument.Parse(PointJson.Write(Runs.Point(ExperimentFile.Parse(Wrong.Quickstart, "f.yaml").Bind())));
        HashSet<string> written = [.. Names(json.RootElement)];
        Assert.All(Rows.SelectMany(r => Page.Code(r[4])), name => Assert.Contains(name, written));
    }

    /// <summary>Dotted paths of the key reference: <c>section.key</c>, <c>section.NAME.key</c>, <c>section[].key</c>.</summary>
    private static IEnumerable<string> FileKeys()
    {
        string section = "";
        foreach (string line in KeyReference.Markdown().Split('\n'))
        {
            if (line.StartsWith("### ", StringComparison.Ordinal)) yield return section = Page.Code(line)[0];
            if (!line.StartsWith("| `", StringComparison.Ordinal)) continue;
            string key = Page.Code(line)[0];
            yield return key.StartsWith("- ", StringComparison.Ordinal) ? $"{section}[].{key[2..]}" : $"{section}.{key}";
        }
    }

    private static IEnumerable<string> Names(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().SelectMany(p => Names(p.Value).Prepend(p.Name)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Names),
        _ => [],
    };
}
