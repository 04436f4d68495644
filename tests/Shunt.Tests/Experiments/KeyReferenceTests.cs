using Shunt.Experiments;
using Xunit;

namespace Shunt.Tests.Experiments;

/// <summary>
/// The generated parts of the repository are current. To bring them up to date after a change of the key table, run these tests with the
/// environment variable SHUNT_UPDATE=1: they then write the files and fail, so that nobody mistakes an update for a check.
/// </summary>
public sealed class KeyReferenceTests
{
    private const string Mark = "a test compares. -->\n\n";

    [Theory]
    [InlineData("docs/experiment-files.md", false)]
    [InlineData("docs/figures.md", true)]
    public void The_key_reference_in_the_documentation_is_current(string page, bool isFigure)
    {
        string path = Repository.PathOf(page);
        string text = File.ReadAllText(path);
        int start = text.IndexOf(Mark, StringComparison.Ordinal) + Mark.Length;
        string expected = (isFigure ? KeyReference.FigureMarkdown() : KeyReference.Markdown()).TrimEnd() + "\n";
        Update(path, text[..start] + expected);
        Assert.Equal(expected, text[start..]);
    }

    [Theory]
    [InlineData("experiments/experiment.schema.json", false)]
    [InlineData("experiments/figure.schema.json", true)]
    public void The_schema_for_editors_is_current(string file, bool isFigure)
    {
        string path = Repository.PathOf(file);
        string expected = isFigure ? KeyReference.FigureJsonSchema() : KeyReference.JsonSchema();
        Update(path, expected);
        Assert.Equal(expected, File.ReadAllText(path));
    }

    private static void Update(string path, string content)
    {
        if (Environment.GetEnvironmentVariable("SHUNT_UPDATE") != "1") return;
        File.WriteAllText(path, content);
        Assert.Fail($"{path} was written; run the test again without SHUNT_UPDATE");
    }
}
