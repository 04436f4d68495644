using Xunit;

namespace Shunt.Tests.Cli;

/// <summary>Whatever is wrong with the input: exit code 2, a message that names the place and what is allowed, and nothing written.</summary>
public sealed class WrongInputTests
{
    public static TheoryData<string, string[]> Wrong => new()
    {
        { "no command; there are run, theory, simulate, attribute, stability, estimate, fit, sweep, plot, reproduce, resume, recover, completion", [] },
        { "unknown command 'rnu'; did you mean 'run'?", ["rnu", "tiny.yaml"] },
        { "unknown option '--hepl'; did you mean '--help'?", ["--hepl"] },
        { "run: unknown option '--sett'; did you mean '--set'?", ["run", "--sett", "coupling.K=10", "tiny.yaml"] },
        { "estimate: unknown option '--out'", ["estimate", "tiny.yaml", "--out", "r"] },
        { "--pretend 4: must be a rank from 0 to 3, as --ranks 4 says", ["estimate", "tiny.yaml", "--ranks", "4", "--pretend", "4"] },
        { "--pretend 0: needs --ranks", ["estimate", "tiny.yaml", "--pretend", "0"] },
        { "--ranks 0: must be a whole number from 1", ["estimate", "tiny.yaml", "--ranks", "0"] },
        { "simulation.engine: events: runs in one process", ["estimate", "tiny.yaml", "--set", "simulation.engine=events", "--ranks", "2"] },
        { "'FILE'", ["run"] },
        { "'Hz' is one word too many; values with spaces need quotes", ["run", "tiny.yaml", "--set", "input.rate=30", "Hz"] },
        { "--threads x: must be a whole number from 0", ["run", "tiny.yaml", "--threads", "x"] },
        { "--threads -1: must be a whole number from 0", ["run", "tiny.yaml", "--threads", "-1"] },
        { "--seed 1.5: must be a whole number from 0", ["theory", "tiny.yaml", "--seed", "1.5"] },
        { "nowhere.yaml: there is no such file", ["run", "nowhere.yaml"] },
        { ".: is a folder; name the experiment file in it", ["run", "."] },
        { "name is empty", ["run", ""] },
        { "broken.yaml(2,1): not valid YAML", ["run", "broken.yaml"] },
        { "misspelt.yaml(3,3): neuron.tau_mm: unknown key 'tau_mm'; did you mean 'tau_m'?", ["run", "misspelt.yaml"] },
        { "--set neuron.tau_m=20: neuron.tau_m: '20' has no unit", ["run", "tiny.yaml", "--set", "neuron.tau_m=20"] },
        { "unknown unit 'mV' in '20 mV'; a time needs one of", ["run", "tiny.yaml", "--set", "neuron.tau_m=20 mV"] },
        { "neuron.tau_m: -20 ms; must be positive", ["run", "tiny.yaml", "--set", "neuron.tau_m=-20 ms"] },
        { "neuron.V_th: -65 mV; must be above V_reset, which is -65 mV", ["run", "tiny.yaml", "--set", "neuron.V_th=-65 mV"] },
        { "coupling.K: 200 inputs per neuron, but 'E' offers", ["run", "tiny.yaml", "--set", "coupling.K=200"] },
        { "coupling.a: 1.2; must be below 1", ["run", "tiny.yaml", "--set", "coupling.a=1.2"] },
        { "delays.E: 0.01 ms is shorter than the time step dt, 0.1 ms", ["simulate", "tiny.yaml", "--set", "delays.E=0.01 ms"] },
        { "delays.E: 0.01 ms is shorter than the time step dt, 0.1 ms", ["simulate", "tiny.yaml", "--force", "--set", "delays.E=0.01 ms"] },
        { "did you mean 'kramers'?", ["theory", "tiny.yaml", "--set", "theory.method=kramer"] },
        {
            ", but 'E' offers 79 sources; lower the mean or the CV of the in-degree",
            ["simulate", "tiny.yaml", "--out", "r", "--quiet", "--set", "coupling.K=76", "--set", "coupling.in_degree_cv=0.3"]
        },
        {
            "shunt: coupling.K=76, coupling.in_degree_cv=0.3: projections[0]: neuron ",
            ["run", "tiny.yaml", "--out", "r", "--quiet", "--set", "coupling.K=76", "--sweep", "coupling.in_degree_cv=0.3:0.3:1"]
        },
        { "must be path=value", ["run", "tiny.yaml", "--set", "coupling.K"] },
        { "unknown key 'Kk'; did you mean 'K'? (at 3 points of the sweep)", ["theory", "tiny.yaml", "--sweep", "coupling.Kk=1:3:3"] },
        { "must be start:stop:n", ["theory", "tiny.yaml", "--sweep", "coupling.K=1:3"] },
        {
            "--sweep: input.rate: is swept twice; one axis per value",
            ["theory", "tiny.yaml", "--sweep", "input.rate=200:300:2", "--sweep", "input.rate=200:250:2"]
        },
        {
            "--sweep: coupling: cannot be swept together with coupling.K: one is part of the other",
            ["theory", "tiny.yaml", "--sweep", "coupling.K=10:16:2", "--sweep", "coupling=1:2:2"]
        },
        { "attribute: sweep one number at most", ["attribute", "tiny.yaml", "--sweep", "coupling.K=10:16:2", "--sweep", "input.rate=200,250"] },
        { "attribute: sweep one number at most", ["attribute", "tiny.yaml", "--sweep", "synapses.jump=linear,exponential"] },
        { "... and 12 more problems", ["theory", "tiny.yaml", "--sweep", "neuron.tau_m=-10:-1:20 ms"] },
        { "results folder 'full': it is not empty", ["run", "tiny.yaml", "--out", "full"] },
        { "results folder 'tiny.yaml': there is a file of this name", ["theory", "tiny.yaml", "--out", "tiny.yaml"] },
        { "results folder 'tiny.yaml/below': cannot be written", ["simulate", "tiny.yaml", "--out", "tiny.yaml/below"] },
        { "results folder: its name is empty", ["simulate", "tiny.yaml", "--out", ""] },
        { "full: no spikes.spool in it or in its points", ["recover", "full"] },
        { "nowhere: there is no such folder", ["recover", "nowhere"] },
    };

    [TheoryAttribute]
    [MemberData(nameof(Wrong))]
    public void Wrong_input_ends_with_2_and_says_what_is_allowed(string message, string[] arguments)
    {
        using var program = new Program();
        Directory.CreateDirectory(program.PathOf("full"));
        program.Write("full/precious.txt", "1");
        program.Write("broken.yaml", "a: [");
        program.Write("misspelt.yaml", "name: x\nneuron:\n  tau_mm: 20 ms\n" + Program.Tiny[Program.Tiny.IndexOf('\n', StringComparison.Ordinal)..]);
        string[] before = [.. program.Files];

        Outcome outcome = program.Run(arguments);

        Assert.Equal(2, outcome.ExitCode);
        Assert.Contains(message, outcome.Error, StringComparison.Ordinal);
        Assert.Empty(outcome.Output);
        Assert.DoesNotContain("   at ", outcome.Error, StringComparison.Ordinal);
        Assert.InRange(outcome.ErrorLines.Length, 1, 9);
        Assert.Equal(before, program.Files);
    }
}
