using System.Text.RegularExpressions;
using Shunt.Tests.Experiments;
using Xunit;

namespace Shunt.Tests.Documents;

public partial class LinkTests
{
    // Written in two parts, or this file would be its own finding.
    private static readonly string[] Hosts =
    [
        "nuget" + ".org", "npmjs" + ".", "pypi" + ".", "crates" + ".io", "docker" + ".io", "ghcr" + ".io", "pkgs.dev." + "azure", "jfrog" + ".",
        "nexus" + ".",
    ];

    [Fact]
    public void Every_relative_link_leads_to_a_file()
    {
        string[] broken = [.. Page.Markdown.SelectMany(p => p.Links
            .Where(l => !Path.Exists(Path.Combine(Repository.Root, Path.GetDirectoryName(p.Path)!, l)))
            .Select(l => $"{p.Path}: {l}"))];
        Assert.Empty(broken);
        Assert.True(Page.Markdown.Sum(p => p.Links.Count()) > 30);
    }

    [Fact]
    public void Every_path_that_a_document_names_exists()
    {
        string[] missing = [.. Page.Markdown.SelectMany(p => p.NamedPaths
            .Where(l => !Path.Exists(Repository.PathOf(l)))
            .Select(l => $"{p.Path}: {l}"))];
        Assert.Empty(missing);
        Assert.True(Page.Markdown.Sum(p => p.NamedPaths.Count()) > 30);
    }

    [Fact]
    public void Every_document_is_in_the_index()
    {
        string[] linked = [.. new Page("docs/README.md").Links];
        string[] pages = [.. Directory.EnumerateFiles(Repository.PathOf("docs"), "*.md").Select(f => Path.GetFileName(f))];
        Assert.Equal([], pages.Except(linked).Except(["README.md"]));
    }

    [Fact]
    public void Every_test_that_the_errata_name_exists()
    {
        Type[] classes = [.. typeof(LinkTests).Assembly.GetTypes().Where(t => t.Name.EndsWith("Tests", StringComparison.Ordinal))];
        string[] named = [.. Page.Code(new Page("docs/errata.md").Text).Where(c => c.Split('.')[0].EndsWith("Tests", StringComparison.Ordinal))];
        Assert.True(named.Length > 12);
        Assert.All(named, name =>
        {
            string[] parts = name.TrimEnd('…').Split('.');
            Type type = Assert.Single(classes, t => t.Name == parts[0] && t.Namespace!.EndsWith(".Theory", StringComparison.Ordinal));
            if (parts.Length > 1) Assert.Contains(type.GetMethods(), m => m.Name.StartsWith(parts[1], StringComparison.Ordinal));
        });
    }

    [Fact]
    public void No_file_names_a_place_on_one_machine_or_a_package_registry()
    {
        string[] found = [.. Page.All.SelectMany(p => p.Lines
            .Where(l => MachinePath().IsMatch(l) || Hosts.Any(h => l.Contains(h, StringComparison.OrdinalIgnoreCase)))
            .Select(l => $"{p.Path}: {l.Trim()}"))];
        Assert.Empty(found);
    }

    [Theory]
    [InlineData("/wo", "rk/x", true)]
    [InlineData("see /ho", "me/someone", true)]
    [InlineData("\"/ro", "ot\"", true)]
    [InlineData("C:\\Us", "ers\\x", true)]
    [InlineData("frame/wo", "rk/x", false)]
    [InlineData("a/ro", "ots", false)]
    public void A_place_on_one_machine_is_recognised(string first, string second, bool expected) =>
        Assert.Equal(expected, MachinePath().IsMatch(first + second));

    [GeneratedRegex(@"(?<![\w.)-])/(?:work|home|root|Users|tmp)(?![\w-])|[A-Z]:\\Users")]
    private static partial Regex MachinePath();
}
