using System.Text.RegularExpressions;
using System.Xml.Linq;
using Shunt.Tests.Experiments;
using Xunit;

namespace Shunt.Tests.Cli;

/// <summary>The rooms of the program and the doors between them.</summary>
public sealed partial class ArchitectureTests
{
    /// <summary>Which projects each may refer to: Model &lt;- {Theory, Simulation} &lt;- Experiments &lt;- {Figures, Cli},
    /// Figures &lt;- Cli,
    /// Simulation &lt;- Simulation.Mpi &lt;- Cli.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Shunt.Model"] = [],
        ["Shunt.Theory"] = ["Shunt.Model"],
        ["Shunt.Simulation"] = ["Shunt.Model"],
        ["Shunt.Experiments"] = ["Shunt.Model", "Shunt.Theory", "Shunt.Simulation"],
        ["Shunt.Figures"] = ["Shunt.Experiments"],
        ["Shunt.Simulation.Mpi"] = ["Shunt.Simulation"],
        ["Shunt.Cli"] = ["Shunt.Experiments", "Shunt.Figures", "Shunt.Simulation.Mpi"],
    };

    private static readonly string[] MayTouchTheWorld = ["Shunt.Experiments", "Shunt.Cli", "Shunt.Simulation.Mpi"];

    public static TheoryData<string> Projects =>
        [.. Directory.EnumerateDirectories(Repository.PathOf("src")).Select(d => Path.GetFileName(d)).Order(StringComparer.Ordinal)];

    [TheoryAttribute]
    [MemberData(nameof(Projects))]
    public void A_project_refers_only_to_those_below_it(string project)
    {
        Assert.True(Allowed.ContainsKey(project), $"src/{project} is new: say here what it may refer to");
        XDocument file = XDocument.Load(Repository.PathOf($"src/{project}/{project}.csproj"));
        string[] references =
            [.. file.Descendants("ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value.Replace('\\', '/')))];
        Assert.Empty(references.Except(Allowed[project]));
    }

    [TheoryAttribute]
    [MemberData(nameof(Projects))]
    public void Only_experiments_and_the_command_line_touch_files_clocks_and_the_console(string project)
    {
        string[] touching =
        [
            .. Directory.EnumerateFiles(Repository.PathOf($"src/{project}"), "*.cs", SearchOption.AllDirectories)
                .Where(f => !f.Replace('\\', '/').Contains("/obj/", StringComparison.Ordinal))
                .SelectMany(f => File.ReadLines(f).Select((line, i) => (Line: line, Place: $"{Path.GetRelativePath(Repository.Root, f)}({i + 1})")))
                .Where(x => World().IsMatch(x.Line))
                .Select(x => $"{x.Place}: {x.Line.Trim()}"),
        ];
        if (MayTouchTheWorld.Contains(project)) Assert.NotEmpty(touching);
        else Assert.Empty(touching);
    }

    [GeneratedRegex(
        @"\b(File|Directory|Console|Process)\.[A-Z]|\b(FileStream|FileInfo|DirectoryInfo|Stopwatch)\b"
        + @"|\bDateTime(Offset)?\.(Utc)?Now\b|\bEnvironment\.(TickCount|GetEnvironment)")]
    private static partial Regex World();
}
