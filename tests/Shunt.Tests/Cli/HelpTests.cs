using System.Diagnostics;
using Xunit;

namespace Shunt.Tests.Cli;

/// <summary>Help, version and the Tab key.</summary>
public sealed class HelpTests
{
    private static readonly string[] Commands = ["run", "theory", "simulate", "attribute", "stability", "estimate", "fit", "reproduce", "resume", "recover", "completion"];

    [Fact]
    public void Help_shows_every_command_examples_and_exit_codes()
    {
        using var program = new Program();
        Outcome help = program.Run("--help");
        Assert.Equal(0, help.ExitCode);
        Assert.Empty(help.Error);
        foreach (string command in Commands) Assert.Contains(help.OutputLines, l => l.StartsWith($"  {command} ", StringComparison.Ordinal));
        Assert.Contains("shunt run experiments/quickstart.yaml", help.Output, StringComparison.Ordinal);
        Assert.Contains("Exit codes: 0 done; 1 the run failed or was stopped; 2 the input was wrong.", help.Output, StringComparison.Ordinal);
        Assert.Contains("run <FILE>", help.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_command_on_experiments_has_the_common_options()
    {
        using var program = new Program();
        foreach (string command in (string[])["run", "theory", "simulate", "attribute", "stability", "estimate"])
        {
            Outcome help = program.Run(command, "--help");
            foreach (string option in (string[])["--set", "--sweep", "--seed", "--threads", "--json", "--quiet"])
                Assert.Contains($"  {option} ", help.Output, StringComparison.Ordinal);
            Assert.Equal(command != "estimate", help.Output.Contains("  --out ", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Help_loads_nothing_but_the_parser()
    {
        // This, and what sees whether there is a launcher, is what keeps it fast; the libraries that theory, simulation, tables and figures need are not there at all.
        using var program = new Program();
        foreach (string name in (string[])["shunt.dll", "shunt.runtimeconfig.json", "Shunt.Simulation.Mpi.dll", "System.CommandLine.dll"])
            File.Copy(Path.Combine(AppContext.BaseDirectory, name), program.PathOf(name));
        using Process process =
            Process.Start(new ProcessStartInfo("dotnet", [program.PathOf("shunt.dll"), "--help"]) { RedirectStandardOutput = true })!;
        Assert.Contains("shunt estimate FILE", process.StandardOutput.ReadToEnd(), StringComparison.Ordinal);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public void Version_is_a_number()
    {
        using var program = new Program();
        Assert.Matches(@"^\d+\.\d+\.\d+", program.Run("--version").Output);
    }

    [TheoryAttribute]
    [InlineData("shunt ru", "run")]
    [InlineData("shunt run --s", "--seed --set --sweep")]
    [InlineData("shunt theory ti", "tiny.yaml")]
    [InlineData("shunt completion ", "--help -h bash zsh")]
    public void The_Tab_key_completes_in_bash(string typed, string expected)
    {
        Assert.SkipUnless(File.Exists("/bin/bash") || File.Exists("/usr/bin/bash"), "needs bash");
        using var program = new Program();
        program.Write("complete.sh", $$"""
            shunt() { dotnet '{{Program.Assembly}}' "$@"; }
            source <(shunt completion bash)
            COMP_LINE='{{typed}}'
            COMP_POINT=${#COMP_LINE}
            read -ra COMP_WORDS <<< "$COMP_LINE"
            [ "${COMP_LINE: -1}" = ' ' ] && COMP_WORDS+=('')
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            $(complete -p shunt | sed 's/.*-F \([^ ]*\).*/\1/')
            echo "${COMPREPLY[@]}"
            """);
        using Process bash = Process.Start(new ProcessStartInfo("bash", ["--norc", "complete.sh"])
        {
            WorkingDirectory = program.Folder,
            RedirectStandardOutput = true,
        })!;
        string completions = bash.StandardOutput.ReadToEnd();
        bash.WaitForExit();
        Assert.Equal(expected, completions.Trim());
    }
}
