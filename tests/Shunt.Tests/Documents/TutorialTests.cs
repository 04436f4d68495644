using System.Text.RegularExpressions;
using Shunt.Tests.Cli;
using Shunt.Tests.Experiments;
using Xunit;

namespace Shunt.Tests.Documents;

/// <summary>The tutorial, followed to the letter: its files are written and its commands are run, in order.</summary>
public sealed partial class TutorialTests
{
    [Fact]
    public void Every_command_of_the_tutorial_does_what_it_says()
    {
        using var program = new Cli.Program();
        Directory.CreateSymbolicLink(program.PathOf("experiments"), Repository.PathOf("experiments"));
        int commands = 0;
        foreach (Match match in Steps().Matches(new Page("docs/tutorial.md").Text))
        {
            if (match.Groups["file"].Success)
            {
                program.Write(match.Groups["file"].Value, match.Groups["text"].Value);
                continue;
            }

            string[] words = [.. Words().Matches(match.Groups["command"].Value).Select(w => w.Value.Trim('"'))];
            Outcome outcome = program.Run(words);
            Assert.True(outcome.ExitCode == 0, $"{match.Value}: {outcome.Output}{outcome.Error}");
            commands++;
        }

        Assert.True(commands >= 9);
        foreach (string file in (string[])["results/quickstart/report.html", "results/mine/spikes.h5", "results/reproduce/my-figure/my-figure.png"])
            Assert.True(File.Exists(program.PathOf(file)), file);
    }

    [GeneratedRegex(@"^```yaml\n# (?<file>\S+\.yaml)\n(?<text>[\s\S]*?)^```$|^    \./shunt (?<command>.*)$", RegexOptions.Multiline)]
    private static partial Regex Steps();

    [GeneratedRegex("\"[^\"]*\"|\\S+")]
    private static partial Regex Words();
}
