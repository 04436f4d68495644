using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Shunt.Experiments;
using Shunt.Tests.Experiments;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace Shunt.Tests.Documents;

public partial class RepositoryTests
{
    private static readonly string Version = XDocument.Load(Repository.PathOf("Directory.Build.props")).Descendants("VersionPrefix").Single().Value;

    [Fact]
    public void The_index_of_experiments_links_every_file_and_the_README_links_the_index()
    {
        string[] links = [.. new Page("experiments/README.md").Links];
        Assert.All(Repository.ShippedExperiments.Concat(Repository.ShippedFigures), e => Assert.Contains(e["experiments/".Length..], links));
        Assert.Contains("experiments/README.md", new Page("README.md").Links);
    }

    [Fact]
    public void The_changelog_speaks_of_the_current_version()
    {
        string[] headings = [.. new Page("CHANGELOG.md").Lines.Where(l => l.StartsWith("## ", StringComparison.Ordinal))];
        Assert.True(
            headings[0] == "## [Unreleased]" || headings[0].StartsWith($"## [{Version}]", StringComparison.Ordinal),
            $"the first heading is '{headings[0]}', the version {Version}");
        Assert.Contains(Version, new Page("CHANGELOG.md").Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_citation_is_YAML_with_the_software_and_the_paper()
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(new Page("CITATION.cff").Text));
        var root = (YamlMappingNode)stream.Documents.Single().RootNode;
        Assert.Equal("1.2.0", root["cff-version"].ToString());
        Assert.Equal(Version, root["version"].ToString());
        Assert.Equal("MIT", root["license"].ToString());
        Assert.Equal("The Shunt contributors", root["authors"][0]["name"].ToString());
        Assert.NotEqual("", root["message"].ToString());
        Assert.NotEqual("", root["title"].ToString());
        YamlNode paper = root["references"][0];
        Assert.Equal(["Sanzeni", "Histed", "Brunel"], ((YamlSequenceNode)paper["authors"]).Select(a => a["family-names"].ToString()));
        Assert.Equal(
            ["article", "10.1103/PhysRevX.12.011044", "2022"], [paper["type"].ToString(), paper["doi"].ToString(), paper["year"].ToString()]);
    }

    [Fact]
    public void Projects_refer_to_each_other_as_the_architecture_says()
    {
        string[] described = [.. new Page("docs/architecture.md").Table("| project | refers to | what it holds |")
            .Select(r => $"{Page.Code(r[0])[0]}: {string.Join(", ", Page.Code(r[1]).Order(StringComparer.Ordinal))}").Order(StringComparer.Ordinal)];
        string[] actual = [.. Page.All.Where(p => p.Path.EndsWith(".csproj", StringComparison.Ordinal))
            .Select(p => $"{Path.GetFileNameWithoutExtension(p.Path)}: {string.Join(", ", References(p))}").Order(StringComparer.Ordinal)];
        Assert.Equal(described, actual);

        static IEnumerable<string> References(Page project) => XDocument.Parse(project.Text).Descendants("ProjectReference")
            .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value)).Order(StringComparer.Ordinal);
    }

    [Fact]
    public void Every_convention_in_the_provenance_is_described()
    {
        string[] described = Page.Code(new Page("docs/conventions.md").Text);
        foreach (string file in Repository.ShippedExperiments)
            Assert.All(ExperimentFile.Read(Repository.PathOf(file)).Bind().Conventions.Keys, c => Assert.Contains(c, described));
    }

    [Fact]
    public void The_predictions_in_the_README_are_those_of_the_quickstart()
    {
        Experiment quickstart = ExperimentFile.Read(Repository.PathOf("experiments/quickstart.yaml")).Bind();
        IReadOnlyList<ComparisonRow> rows = Comparison.Of(new PointResult { Experiment = quickstart, Theory = PointRunner.Predict(quickstart) });
        Match[] printed = [.. new Page("README.md").Lines.Select(l => PrintedRow().Match(l)).Where(m => m.Success)];
        Assert.Equal(6, printed.Length);
        Assert.All(printed, m =>
        {
            string number = m.Groups["theory"].Value.Replace('−', '-');
            ComparisonRow row = rows.Single(r => r.Population == m.Groups["population"].Value && r.Quantity == m.Groups["quantity"].Value);
            int decimals = number.Split('.')[1].Length;
            Assert.Equal(number, row.Theory.ToString($"F{decimals}", CultureInfo.InvariantCulture));
        });
    }

    [GeneratedRegex(@"^(?<population>[EI]) {2,}(?<quantity>\S+( \S+)*) {2,}((Hz|mV|ms) +)?(?<theory>−?\d+\.\d+) ")]
    private static partial Regex PrintedRow();
}
