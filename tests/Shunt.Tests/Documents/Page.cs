using System.Text.RegularExpressions;
using Shunt.Tests.Experiments;

namespace Shunt.Tests.Documents;

/// <summary>A text file of the repository.</summary>
/// <param name="Path">Relative to the repository, with '/'.</param>
internal sealed partial record Page(string Path)
{
    private static readonly string[] NotKept = [".git", ".vs", "bin", "obj", "results", "TestResults", "node_modules"];
    private static readonly string[] NotText = [".png", ".ttf", ".h5", ".pdf"];

    internal string Text { get; } = File.ReadAllText(Repository.PathOf(Path));

    internal string[] Lines => Text.Split('\n');

    /// <summary>Every text file that is kept.</summary>
    internal static IEnumerable<Page> All => Below(Repository.Root)
        .Where(f => !NotText.Contains(System.IO.Path.GetExtension(f)))
        .Select(f => new Page(System.IO.Path.GetRelativePath(Repository.Root, f).Replace('\\', '/')));

    internal static IEnumerable<Page> Markdown => All.Where(p => p.Path.EndsWith(".md", StringComparison.Ordinal));

    /// <summary>Targets of the links and pictures that stay in the repository, without anchors.</summary>
    internal IEnumerable<string> Links => LinkPattern().Matches(Text)
        .Select(m => m.Groups[1].Value.Split('#')[0])
        .Where(l => l.Length > 0 && !l.Contains("://", StringComparison.Ordinal));

    /// <summary>Paths from the root of the repository that the prose names.</summary>
    internal IEnumerable<string> NamedPaths => NamedPathPattern().Matches(Text).Select(m => m.Groups[1].Value);

    /// <summary>The cells of every row of the tables with this header.</summary>
    /// <param name="header">The header line.</param>
    internal IEnumerable<string[]> Table(string header) => Lines
        .SkipWhile(l => l != header).Skip(2).TakeWhile(l => l.StartsWith('|'))
        .Select(l => l.Trim().Trim('|').Split('|').Select(c => c.Trim()).ToArray());

    /// <summary>What stands in code font.</summary>
    /// <param name="text">Markdown.</param>
    internal static string[] Code(string text) => [.. CodePattern().Matches(text).Select(m => m.Groups[1].Value)];

    private static IEnumerable<string> Below(string folder) => Directory.EnumerateFiles(folder).Where(IsKept).Concat(
        Directory.EnumerateDirectories(folder).Where(IsKept).SelectMany(Below));

    private static bool IsKept(string path) => !NotKept.Contains(System.IO.Path.GetFileName(path));

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex LinkPattern();

    [GeneratedRegex(@"`((?:src|tests|docs|experiments|benchmarks|\.ci)/[\w./-]*)`")]
    private static partial Regex NamedPathPattern();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex CodePattern();
}
