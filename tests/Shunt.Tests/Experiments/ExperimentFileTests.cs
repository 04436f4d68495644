using System.Globalization;
using CsCheck;
using Shunt.Experiments;
using Shunt.Model;
using Shunt.Simulation;
using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Experiments;

public sealed class ExperimentFileTests
{
    public static TheoryData<string> Shipped => [.. Repository.ShippedExperiments];

    [Fact]
    public void The_short_form_is_the_papers_network()
    {
        Experiment e = Bind(
            """
            name: n
            populations: {E: {size: 4_000}, I: {size: 1e3, neuron: {V_th: -50 mV}}}
            coupling: {K: 1000, gamma: 0.25, a: 0.0016, g: 20}
            input: {rate: 0.025 kHz}
            delays: {E: 0..10 ms, I: 1000 us}
            """);

        Assert.Equal([new("E", 4000, Neuron.Paper), new Population("I", 1000, Neuron.Paper with { Threshold = -50 })], e.Model.Populations);
        Assert.Equal([new ExternalInput("X", 25)], e.Model.Inputs);
        Projection Onto(string target, string source, int k, double a, double reversal, DelayLaw delay) => new()
        {
            Source = source,
            Target = target,
            InDegree = new InDegreeLaw.Fixed(k),
            Synapse = Synapse.Conductance(a, reversal),
            Delay = delay,
        };
        Projection[] All(string target) =>
        [
            Onto(target, "E", 1000, 0.0016, 0, new DelayLaw.Uniform(0, 0.01)),
            Onto(target, "I", 250, 0.032, -75, new DelayLaw.Constant(0.001)),
            Onto(target, "X", 1000, 0.0016, 0, new DelayLaw.None()),
        ];
        Assert.Equal([.. All("E"), .. All("I")], e.Model.Projections);
        Assert.Equal(new SimulationSettings(), e.Simulation);
        Assert.Equal("siegert", e.TheoryMethod);
    }

    [Fact]
    public void A_file_with_every_section_of_the_short_form_is_read()
    {
        Experiment e = Bind(
            """
            name: asynchronous irregular state at K = 1000
            neuron:      {model: lif, tau_m: 20 ms, E_L: -80 mV, V_th: -55 mV, V_reset: -65 mV, t_ref: 2 ms}
            synapses:    {model: conductance, E_ex: 0 mV, E_in: -75 mV, tau_syn: 0 ms, jump: linear}
            populations: {E: {size: 10000}, I: {size: 10000}}
            coupling:    {K: 1000, gamma: 0.25, a: 0.0016, g: 20, in_degree_cv: 0}
            input:       {rate: 25 Hz, wiring: independent}        # wiring: pool needs size
            delays:      {E: 0..10 ms, I: 0..1 ms}
            theory:      {method: siegert}
            simulation:  {dt: 0.05 ms, warmup: 0.5 s, duration: 5 s, seed: 1}
            """);
        Assert.Equal("asynchronous irregular state at K = 1000", e.Model.Name);
        Assert.Equal(20_000, e.Model.Size);
        Assert.Equal(new SimulationSettings(), e.Simulation);
    }

    [Fact]
    public void Current_based_synapses_take_J_and_minus_g_J()
    {
        Experiment e = Read("experiments/brunel2000/asynchronous_irregular.yaml").Bind();
        Assert.Equal([0.1, -0.5, 0.1], e.Model.Onto("E").Select(p => p.Synapse.Efficacy), (a, b) => Math.Abs(a - b) < 1e-15);
        Assert.All(e.Model.Projections, p => Assert.Equal(SynapseModel.Current, p.Synapse.Model));
        Assert.Equal("additive", e.Conventions["noise"]);
    }

    [Fact]
    public void A_single_neuron_has_excitatory_and_inhibitory_input()
    {
        Experiment e = Bind(
            """
            populations: {cell: {size: 100}}
            coupling: {recurrent: false, K: 1000, gamma: 0.25, a: 0.01, g: 12}
            input: {rate: 10 Hz, eta: 1.8}
            """);
        Assert.Equal([new("X", 10), new ExternalInput("X_in", 18)], e.Model.Inputs);
        Assert.Equal(["X cell 1000 0.01 0", "X_in cell 250 0.12 -75"], e.Model.Projections.Select(p => FormattableString.Invariant(
            $"{p.Source} {p.Target} {((InDegreeLaw.Fixed)p.InDegree).K} {p.Synapse.Efficacy} {p.Synapse.Reversal}")));
    }

    [Theory]
    [InlineData("25 1/s")]
    [InlineData("25spk/s")]
    [InlineData("0.025kHz")]
    public void A_rate_may_be_written_per_second(string rate) =>
        Assert.Equal(25, ExperimentFile.Parse(Wrong.Quickstart, "f.yaml").With([$"input.rate={rate}"]).Bind().Model.Inputs[0].Rate);

    [Fact]
    public void A_weight_is_a_jump_in_units_of_the_leak()
    {
        Experiment e = Read("experiments/vogels_abbott/coba.yaml").Bind();
        Projection ex = e.Model.Projections[0], inh = e.Model.Projections[2];
        Assert.Equal(0.4 * 5 / 20, ex.Synapse.Efficacy, 1e-15);
        Assert.Equal(5.1 * 10 / 20, inh.Synapse.Efficacy, 1e-15);
        Assert.Equal((0.005, 0.0, 0.01, -80.0), (ex.Synapse.TimeConstant, ex.Synapse.Reversal, inh.Synapse.TimeConstant, inh.Synapse.Reversal));
        Assert.Equal(new InDegreeLaw.Bernoulli(0.02), ex.InDegree);
    }

    [Theory]
    [InlineData("in_degree_cv: 0.1", "Gaussian { K = 1000, Cv = 0.1 } Gaussian { K = 250, Cv = 0.1 } Gaussian { K = 1000, Cv = 0.1 }")]
    [InlineData("in_degree: bernoulli", "Bernoulli { Probability = 0.25 } Bernoulli { Probability = 0.25 } Fixed { K = 1000 }")]
    [InlineData("in_degree_cv: 0.1, input.in_degree_cv: 0", "Gaussian { K = 1000, Cv = 0.1 } Gaussian { K = 250, Cv = 0.1 } Gaussian { K = 1000, Cv = 0 }")]
    [InlineData("in_degree: gaussian, input.in_degree_cv: 0.1", "Gaussian { K = 1000, Cv = 0 } Gaussian { K = 250, Cv = 0 } Gaussian { K = 1000, Cv = 0.1 }")]
    public void The_law_of_the_in_degrees_can_be_chosen(string keys, string laws)
    {
        string[] settings = keys.Replace(": ", "=").Insert(0, "coupling.").Split(", ");
        Experiment e = ExperimentFile.Parse(Wrong.Quickstart, "f.yaml").With(settings).Bind();
        Assert.Equal(laws, string.Join(' ', e.Model.Onto("E").Select(p => p.InDegree.ToString())));
    }

    [Theory]
    [InlineData("{law: constant, K_ref: 100, a_ref: 0.002}", 0.002)]
    [InlineData("{law: sqrt, K_ref: 250, a_ref: 0.002}", 0.001)]
    [InlineData("{law: power, K_ref: 500, a_ref: 0.002, alpha: 1}", 0.001)]
    public void Efficacy_follows_from_K_by_a_scaling_law(string scaling, double a)
    {
        string yaml = Wrong.Quickstart.Replace("a: 0.0016", $"scaling: {scaling}", StringComparison.Ordinal);
        Assert.Equal(a, ExperimentFile.Parse(yaml, "f.yaml").Bind().Model.Projections[0].Synapse.Efficacy, 1e-15);
    }

    /// <summary>Eq. 14: K sqrt(a) exp(-vbar^2/a) is the same at every K; vbar^2 is the reference table's (a_of_K, Fig. 2A).</summary>
    [Fact]
    public void The_log_law_of_a_single_neuron_keeps_the_rate()
    {
        const double vBarSquared = 0.0340146634501679;
        ExperimentFile file = ExperimentFile.Read(Repository.PathOf("experiments/fig02/single.yaml"));
        double Constant(int k)
        {
            double a = file.With([$"coupling.K={k}"]).Bind().Model.Projections[0].Synapse.Efficacy;
            return Math.Log(k) + (0.5 * Math.Log(a)) - (vBarSquared / a);
        }

        Assert.Equal(0.01, file.Bind().Model.Projections[0].Synapse.Efficacy, 1e-15);
        Assert.Equal(Constant(1000), Constant(10_000), 1e-9);
        Assert.Equal(Constant(1000), Constant(1_000_000), 1e-9);
    }

    /// <summary>Fig. 3 (reference tables a_of_K and network_etc): g = 30, rho = 1.0786 through a = 2e-3 at K = 200.</summary>
    [Fact]
    public void The_log_law_of_a_network_takes_its_gain_from_the_file()
    {
        // The table gives vbar^2, from which its gain follows: 1.0786 to the digits that the figure's recipe states.
        double rho = MathNet.Numerics.RootFinding.Brent.FindRoot(
            r => Math.Pow(Strong(30, r).VBar, 2) - 0.00343788177218506, 1.05, 1.1, 1e-14);
        Assert.Equal(1.0786, rho, 5e-5);
        Assert.Equal(0.000943017737141903, NetworkEfficacy(30, $"K_ref: 200, a_ref: 0.002, rho: {rho.ToString("R", CultureInfo.InvariantCulture)}", 2000), 1e-12);
    }

    [Fact]
    public void The_log_law_of_a_network_finds_its_gain_by_Eq_20()
    {
        double gain = NetworkGain.Solve(Strong(20, 1), 5e-4, 100_000)[^1];
        Assert.Equal(
            NetworkEfficacy(20, $"K_ref: 100000, a_ref: 0.0005, rho: {gain.ToString("R", CultureInfo.InvariantCulture)}", 1000),
            NetworkEfficacy(20, "K_ref: 100000, a_ref: 0.0005", 1000),
            1e-15);
    }

    [Fact]
    public void The_log_law_takes_the_threshold_of_the_populations()
    {
        ExperimentFile file = ExperimentFile.Read(Repository.PathOf("experiments/fig02/single.yaml")).With(["coupling.K=10000"]);
        string population = file.Bind().Model.Populations[0].Name;
        double Efficacy(string key) => file.With([$"{key}=-50 mV"]).Bind().Model.Projections[0].Synapse.Efficacy;
        Assert.Equal(Efficacy("neuron.V_th"), Efficacy($"populations.{population}.neuron.V_th"));
        Assert.NotEqual(file.Bind().Model.Projections[0].Synapse.Efficacy, Efficacy("neuron.V_th"));
    }

    [Fact]
    public void The_log_law_needs_one_threshold()
    {
        string yaml = Wrong.Quickstart.Replace("a: 0.0016", "scaling: {law: log, K_ref: 1000, a_ref: 0.0016}", StringComparison.Ordinal);
        Assert.Empty(Wrong.ProblemsOf(yaml));
        string[] problems = [.. Wrong.ProblemsOf(yaml, "populations.I.neuron.V_th=-50 mV").Distinct()];
        Assert.EndsWith(
            "coupling.scaling: the law 'log' needs one V_th, but the populations differ: E -55 mV, I -50 mV",
            Assert.Single(problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("scaling: {law: log, K_ref: 1000, a_ref: 0.01, rho: 2}", "'rho' is the gain of a network")]
    [InlineData("g: 1, scaling: {law: log, K_ref: 1000, a_ref: 0.01}", "which is not below the threshold, -55 mV; Eq. 14 needs more inhibition")]
    public void The_log_law_says_where_it_does_not_apply(string keys, string message)
    {
        string text = File.ReadAllText(Repository.PathOf("experiments/fig02/single.yaml"));
        string g = keys.StartsWith("g:", StringComparison.Ordinal) ? "" : "g: 12, ";
        text = text.Replace("g: 12, scaling: {law: log, K_ref: 1000, a_ref: 0.01}", g + keys, StringComparison.Ordinal);
        ExperimentProblem problem = Assert.Single(Assert.Throws<ExperimentFileException>(() => ExperimentFile.Parse(text, "f.yaml").Bind()).Problems);
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
        Assert.Equal(4, problem.Line);
    }

    [Theory]
    [MemberData(nameof(Shipped))]
    public void A_shipped_experiment_is_right_and_its_resolved_file_means_the_same(string path)
    {
        Experiment original = Read(path).Bind();
        Experiment again = ExperimentFile.Parse(original.ResolvedYaml, "resolved.yaml").Bind();
        Models.AssertEqual(original, again);
        Assert.Equal(original.ResolvedYaml, again.ResolvedYaml);
    }

    [Fact]
    public void The_resolved_file_has_every_default_and_every_override()
    {
        string yaml =
            ExperimentFile.Parse(Wrong.Quickstart, "f.yaml").With(["neuron.E_L=-70 mV", "populations.I.neuron.t_ref=1 ms"]).Bind().ResolvedYaml;
        Assert.Contains("\nneuron:\n  model: lif\n  tau_m: 20 ms\n  E_L: -70 mV\n", yaml, StringComparison.Ordinal);
        Assert.Contains("      E_L: -70 mV\n      V_th: -55 mV\n      V_reset: -65 mV\n      t_ref: 1 ms\n", yaml, StringComparison.Ordinal);
        Assert.Contains("\ndelays:\n  E: 0 ms..10 ms\n  I: 1 ms\n", yaml, StringComparison.Ordinal);
        Assert.Contains("  rate_bin: 1 ms\n", yaml, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_title_and_any_number_survive_the_resolved_file()
    {
        Gen.Select(Gen.String, Gen.Double[1e-12, 1e3], Gen.Double[-100, -66], Gen.ULong).Sample((title, tau, rest, seed) =>
        {
            string yaml = FormattableString.Invariant($"name: {System.Text.Json.JsonSerializer.Serialize("t " + title)}\n")
                + Wrong.Quickstart[(Wrong.Quickstart.IndexOf('\n', StringComparison.Ordinal) + 1)..];
            Experiment one = ExperimentFile.Parse(yaml, "f.yaml").With(
            [
                FormattableString.Invariant($"neuron.tau_m={tau:R} s"), FormattableString.Invariant($"neuron.E_L={rest:R} mV"),
                FormattableString.Invariant($"simulation.seed={seed}"),
            ]).Bind();
            Assert.Equal((tau, rest, seed),
                (one.Model.Populations[0].Neuron.MembraneTimeConstant, one.Model.Populations[0].Neuron.LeakReversal, one.Simulation.Seed));
            Models.AssertEqual(one, ExperimentFile.Parse(one.ResolvedYaml, "r.yaml").Bind());
        }, iter: 300, seed: "0000000000001");
    }

    [Fact]
    public void A_file_that_cannot_be_read_is_named()
    {
        using var folder = new PassingFolder();
        File.WriteAllText(folder.File("empty.yaml"), "");
        Assert.Equal("nowhere.yaml: there is no such file", Message(() => ExperimentFile.Read("nowhere.yaml")));
        Assert.Equal($"{folder.Path}: is a folder; name the experiment file in it", Message(() => ExperimentFile.Read(folder.Path)));
        Assert.Equal(
            $"{folder.File("empty.yaml")}: the file is empty; an experiment needs at least populations, coupling and input",
            Message(() => ExperimentFile.Read(folder.File("empty.yaml")).Bind()));
        Assert.Equal(2, ExperimentFileException.ExitCode);
    }

    [Fact]
    public void All_problems_are_reported_at_once_in_the_order_of_the_file()
    {
        string[] problems = Wrong.ProblemsOf(Wrong.Quickstart
            .Replace("t_ref: 2 ms", "t_ref: 2.02 ms", StringComparison.Ordinal)
            .Replace("tau_m", "tau_mm", StringComparison.Ordinal)
            .Replace("K: 1000", "K: 4000", StringComparison.Ordinal)
            .Replace("25 Hz", "25", StringComparison.Ordinal)
            .Replace("0.25 s", "0.25 min s", StringComparison.Ordinal));
        Assert.Equal(
            ["(2,10): neuron.tau_mm", "(2,32): neuron.t_ref", "(4,15): coupling.K", "(4,15): coupling.K", "(5,15): input.rate",
                "(7,35): simulation.warmup"],
            problems.Select(p => p["f.yaml".Length..p.IndexOf(": ", p.IndexOf(": ", StringComparison.Ordinal) + 2, StringComparison.Ordinal)]));
    }

    private static string Message(Action read) => Assert.Throws<ExperimentFileException>(read).Message;

    private static Experiment Bind(string yaml) => ExperimentFile.Parse(yaml, "f.yaml").Bind();

    private static ExperimentFile Read(string path) => ExperimentFile.Read(Repository.PathOf(path));

    private static StrongCoupling Strong(double g, double rho) => new()
    {
        Threshold = -55,
        ExcitatoryReversal = 0,
        InhibitoryReversal = -75,
        G = g,
        Gamma = 0.25,
        ExcitatoryRatio = 1 + rho,
        InhibitoryRatio = rho,
    };

    private static double NetworkEfficacy(int g, string reference, int k)
    {
        string yaml = Wrong.Quickstart.Replace("a: 0.0016", $"scaling: {{law: log, {reference}}}", StringComparison.Ordinal)
            .Replace("g: 20", $"g: {g}", StringComparison.Ordinal);
        return ExperimentFile.Parse(yaml, "f.yaml").With([$"coupling.K={k}"]).Bind().Model.Projections[0].Synapse.Efficacy;
    }
}
