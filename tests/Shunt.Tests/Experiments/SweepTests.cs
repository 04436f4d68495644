using Shunt.Experiments;
using Xunit;

namespace Shunt.Tests.Experiments;

public sealed class SweepTests
{
    private static ExperimentFile File => ExperimentFile.Parse(Wrong.Quickstart, "f.yaml");

    [Theory]
    [InlineData("input.rate=10:50:5 Hz", "10 Hz|20 Hz|30 Hz|40 Hz|50 Hz")]
    [InlineData("input.rate=10 Hz:50 Hz:5", "10 Hz|20 Hz|30 Hz|40 Hz|50 Hz")]
    [InlineData("input.rate=10:50:5", "10 Hz|20 Hz|30 Hz|40 Hz|50 Hz")]
    [InlineData("input.rate=1:100:3:log spk/s", "1 spk/s|10 spk/s|100 spk/s")]
    [InlineData("coupling.a=0.001:0.0013:4", "0.001|0.0011|0.0012|0.0013")]
    [InlineData("coupling.K=10:1000:4:log", "10|46|215|1000")]
    [InlineData("neuron.t_ref=2:2:1 ms", "2 ms")]
    [InlineData("coupling.in_degree_cv=0:0.3:4", "0|0.1|0.2|0.3")]
    [InlineData("input.rate=5,10 , 20 Hz", "5 Hz|10 Hz|20 Hz")]
    [InlineData("input.rate=5,10", "5 Hz|10 Hz")]
    [InlineData("coupling.K=300,100", "300|100")]
    public void A_sweep_is_spelt_as_values_of_the_file(string sweep, string values)
    {
        SweepAxis axis = File.Expand([sweep]).Axes.Single();
        Assert.Equal(values, string.Join('|', axis.Values));
        Assert.Equal(axis.Values.Select(v => v.Split(' ')[0]),
            axis.Numbers.Select(n => n.ToString("R", System.Globalization.CultureInfo.InvariantCulture)));
    }

    [Fact]
    public void Several_sweeps_are_a_grid_whose_last_axis_varies_fastest()
    {
        ExperimentGrid grid = File.With(["simulation.seed=7"]).Expand(["input.rate=10:20:2", "coupling.g=5:15:3"]);
        Assert.Equal(
            ["10 Hz 5", "10 Hz 10", "10 Hz 15", "20 Hz 5", "20 Hz 10", "20 Hz 15"],
            grid.Points.Select(p => $"{p.Set[1].Value} {p.Set[2].Value}"));
        Assert.All(grid.Points, p => Assert.Equal(new("simulation.seed", "7"), p.Set[0]));
        Assert.Equal([10, 10, 10, 20, 20, 20], grid.Points.Select(p => p.Model.Inputs[0].Rate));
        Assert.Equal(15, grid.Points[5].Model.Projections[1].Synapse.Efficacy / 0.0016, 1e-12);
    }

    [Fact]
    public void Words_can_be_swept_and_are_numbered()
    {
        ExperimentGrid grid = File.Expand(["theory.method=kramers,siegert"]);
        Assert.Equal(["kramers", "siegert"], grid.Points.Select(p => p.TheoryMethod));
        SweepAxis axis = grid.Axes.Single();
        Assert.False(axis.IsNumeric);
        Assert.Equal([1, 2], axis.Numbers);
    }

    [Fact]
    public void Without_a_sweep_there_is_one_point()
    {
        ExperimentGrid grid = File.Expand([]);
        Assert.Empty(grid.Axes);
        Assert.Empty(grid.Points.Single().Set);
    }

    [Theory]
    [InlineData("input.rate", "--sweep input.rate: must be path=start:stop:n, for instance input.rate=10:50:5 Hz")]
    [InlineData("input.rate=10", "--sweep input.rate=10: input.rate: '10' must be start:stop:n, start:stop:n:log, or values with commas between them; for instance 10:50:5 Hz or 10,25,50 Hz")]
    [InlineData("input.rate=10,,20", "--sweep input.rate=10,,20: input.rate: '10,,20' has an empty value")]
    [InlineData("input.rate=10,10", "--sweep input.rate=10,10: input.rate: '10,10' has a value twice")]
    [InlineData("input.rate=10 Hz,1 kHz", "--sweep input.rate=10 Hz,1 kHz: input.rate: '10 Hz,1 kHz' mixes units; write one unit for the whole sweep")]
    [InlineData("synapses.jump=linear,exponentia",
        "--sweep synapses.jump=exponentia: synapses.jump: 'exponentia' is not a choice; allowed: linear, exponential (did you mean 'exponential'?)")]
    [InlineData("input.rate=10:50:x",
        "--sweep input.rate=10:50:x: input.rate: 'x' is not a number of points; must be a whole number from 1 to 100000")]
    [InlineData("input.rate=10:50:0",
        "--sweep input.rate=10:50:0: input.rate: '0' is not a number of points; must be a whole number from 1 to 100000")]
    [InlineData("input.rate=ten:50:5", "--sweep input.rate=ten:50:5: input.rate: 'ten' is not a number")]
    [InlineData("input.rate=0:50:5:log", "--sweep input.rate=0:50:5:log: input.rate: '0:50:5:log' is logarithmic, so both ends must be above 0")]
    [InlineData("input.rate=1:50:5:lin", "--sweep input.rate=1:50:5:lin: input.rate: 'lin' is not a choice; allowed: log")]
    [InlineData("input.rate=1 Hz:1 kHz:5",
        "--sweep input.rate=1 Hz:1 kHz:5: input.rate: '1 Hz:1 kHz:5' mixes units; write one unit for the whole sweep")]
    [InlineData("input.rat=1:2:1", "--sweep input.rat=1: input.rat: unknown key 'input.rat'; did you mean 'rate'?")]
    [InlineData("input.rate=1:2:1 ms", "--sweep input.rate=1 ms: input.rate: unknown unit 'ms' in '1 ms'; a rate needs one of Hz, kHz, spk/s, 1/s")]
    [InlineData(
        "coupling.K=100:5000:2",
        "--sweep coupling.K=5000: coupling.K: 5000 inputs per neuron, but 'E' offers 3999 sources "
        + "(each may be drawn once, and a neuron is not its own source); make K smaller or the source larger")]
    public void A_wrong_sweep_says_what_is_wrong(string sweep, string message)
    {
        var error = Assert.Throws<ExperimentFileException>(() => File.Expand([sweep]));
        Assert.Equal(message.Replace("unknown key 'input.rat'", "unknown key 'rat'", StringComparison.Ordinal), error.Problems[0].ToString());
    }

    [Fact]
    public void An_override_creates_the_maps_on_its_way()
    {
        Experiment e = File.With(["record.traces=5", "synapses.tau_syn=1 ms"]).Bind();
        Assert.Null(e.Simulation.ChosenNeurons);
        Experiment chosen = File.With(["record.trace_neurons=[7, 2]"]).Bind();
        Assert.Equal([7, 2], chosen.Simulation.ChosenNeurons!);
        Assert.Equal([7, 2], ExperimentFile.Parse(chosen.ResolvedYaml, "resolved.yaml").Bind().Simulation.ChosenNeurons!);
        Assert.Equal(5, e.Simulation.TracedNeurons);
        Assert.All(e.Model.Projections, p => Assert.Equal(0.001, p.Synapse.TimeConstant));
    }

    [Fact]
    public void An_override_reaches_into_lists()
    {
        ExperimentFile file = ExperimentFile.Read(Repository.PathOf("experiments/vogels_abbott/coba.yaml"));
        Assert.Equal(0.02 * 2, file.With(["projections[1].p=0.04"]).Bind().Model.Projections[1].InDegree.Mean(1));
    }

    [Theory]
    [InlineData("coupling.K", "--set coupling.K: must be path=value, for instance coupling.K=500")]
    [InlineData("coupling.K=", "--set coupling.K=: must be path=value, for instance coupling.K=500")]
    [InlineData("coupling..K=1",
        "--set coupling..K=1: 'coupling..K' is not a path; write dotted keys, for instance neuron.tau_m or projections[1].K")]
    [InlineData("neuron.tau_m.x=1", "--set neuron.tau_m.x=1: neuron.tau_m: is one value, '20 ms', and has no keys")]
    [InlineData("neuron[0]=1", "--set neuron[0]=1: neuron: is not a list; it is a map of keys")]
    [InlineData("neuron.tau=1 ms", "--set neuron.tau=1 ms: neuron.tau: unknown key 'tau'; did you mean 'tau_m'?")]
    [InlineData("neuron.tau_m=1", "--set neuron.tau_m=1: neuron.tau_m: '1' has no unit; a time needs one of s, ms, us, min")]
    [InlineData("coupling={K: 1",
        "--set coupling={K: 1: not valid YAML: the '{' opened here is not closed by '}', or something inside it is wrong (*)")]
    public void A_wrong_override_says_what_is_wrong(string set, string message)
    {
        string problem = Wrong.ProblemsOf(Wrong.Quickstart, set)[0];
        string start = message.Split('*')[0];
        Assert.Equal(start, problem[..Math.Min(start.Length, problem.Length)]);
        if (!message.Contains('*', StringComparison.Ordinal)) Assert.Equal(message, problem);
    }

    [Theory]
    [InlineData("projections.K=1", "--set projections.K=1: projections: is a list; choose an entry by its number, projections[0] to projections[3]")]
    [InlineData("projections[4].K=1", "--set projections[4].K=1: projections[4]: the list has 4 entries, numbered from 0")]
    [InlineData("projections[0].weight=-1", "--set projections[0].weight=-1: projections[0].weight: -1; must be zero or more")]
    public void A_wrong_override_of_a_list_says_what_is_wrong(string set, string message)
    {
        ExperimentFile file = ExperimentFile.Read(Repository.PathOf("experiments/vogels_abbott/coba.yaml"));
        Assert.Equal(message, Assert.Throws<ExperimentFileException>(() => file.With([set]).Bind()).Message);
    }
}
