namespace Shunt.Tests.Experiments;

/// <summary>Files of the repository that tests read.</summary>
internal static class Repository
{
    internal static string Root { get; } = Find(AppContext.BaseDirectory);

    internal static string PathOf(string relative) => Path.Combine(Root, relative);

    internal static IEnumerable<string> ShippedExperiments => Yaml.Where(f => !IsFigure(f));

    internal static IEnumerable<string> ShippedFigures => Yaml.Where(IsFigure);

    private static bool IsFigure(string file) => Path.GetFileName(file) == "figure.yaml";

    private static IEnumerable<string> Yaml =>
        Directory.EnumerateFiles(PathOf("experiments"), "*.yaml", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(Root, f).Replace('\\', '/'))
            .Order(StringComparer.Ordinal);

    private static string Find(string folder) =>
        File.Exists(Path.Combine(folder, "Shunt.slnx")) ? folder : Find(Path.GetDirectoryName(folder)!);
}
