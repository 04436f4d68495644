using Xunit;

namespace Shunt.Tests.Experiments;

public sealed class WrongFileTests
{
    public static TheoryData<string, string, string> Table
    {
        get
        {
            var table = new TheoryData<string, string, string>();
            string text = File.ReadAllText(Repository.PathOf("tests/Shunt.Tests/Experiments/wrong-inputs.txt"));
            foreach (string block in text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Skip(1))
            {
                string[] lines = block.Trim().Split('\n');
                string After(string start) => lines.Single(l => l.StartsWith(start, StringComparison.Ordinal))[start.Length..].Trim();
                string[] messages = [.. lines.Where(l => l.StartsWith("=> ", StringComparison.Ordinal)).Select(l => l[3..])];
                table.Add(After("replace:"), After("by:").Replace("\\n", "\n", StringComparison.Ordinal), string.Join("\n", messages));
            }

            return table;
        }
    }

    [Fact]
    public void The_file_that_is_spoilt_is_right() => Assert.Empty(Wrong.ProblemsOf(Wrong.Quickstart));

    [Theory]
    [MemberData(nameof(Table))]
    public void A_wrong_value_is_named_with_its_place_and_what_is_allowed(string right, string wrong, string messages)
    {
        string yaml = Wrong.Quickstart.Replace(right, wrong, StringComparison.Ordinal);
        Assert.NotEqual(Wrong.Quickstart, yaml);
        Assert.NotEmpty(messages);
        Assert.Equal(messages, string.Join("\n", Wrong.ProblemsOf(yaml)));
    }
}
