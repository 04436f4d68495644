using Shunt.Theory;

namespace Shunt.Experiments;

/// <summary>
/// The experiment file, key by key. This table is the only description of the format: parsing, messages, defaults, resolved files, the key reference
/// in the documentation and the JSON schema are all derived from it. Keys are bound in this order, so a default may only look back.
/// </summary>
internal static class ExperimentKeys
{
    private static readonly (string, string) Conductance = ("synapses.model", "conductance");
    private static readonly (string, string) Current = ("synapses.model", "current");
    private static readonly (string, string) Network = ("coupling.recurrent", "true");
    private static readonly (string, string) SingleNeuron = ("coupling.recurrent", "false");

    private static readonly Key[] Neuron =
    [
        new("model", new Shape.Choice("lif", "eif", "rectifier"),
            "leaky integrate-and-fire; exponential integrate-and-fire; leaky with an inward rectifier") { Default = "lif" },
        new("tau_m", Shape.Time(Limit.Positive), "membrane time constant at rest, tau_L") { Default = "20 ms" },
        new("E_L", Shape.Voltage(Limit.Finite), "leak reversal potential") { Default = "-80 mV" },
        new("V_th", Shape.Voltage(Limit.MayBeInfinite), "threshold theta; above V_reset; inf mV is a membrane that never fires; with eif the threshold of the exponential")
            { Default = "-55 mV" },
        new("V_reset", Shape.Voltage(Limit.Finite), "potential after a spike, V_r") { Default = "-65 mV" },
        new("t_ref", Shape.Time(Limit.NotNegative), "refractory period tau_rp; a whole number of steps") { Default = "2 ms" },
        new("I_e", Shape.Voltage(Limit.Finite), "constant drive: injected current / leak conductance") { Default = "0 mV" },
        new("Delta_T", Shape.Voltage(Limit.Positive), "sharpness of the exponential Delta_T e^((V - V_th)/Delta_T)") { Default = "2 mV", When = (".model", "eif") },
        new("V_peak", Shape.Voltage(Limit.Finite), "cutoff of the exponential, where the spike is; above V_th") { Default = "0 mV", When = (".model", "eif") },
        new("g_rect", Shape.Plain(Limit.NotNegative), "conductance g_in / g_L of the rectifier at E_rect") { Required = true, When = (".model", "rectifier") },
        new("E_rect", Shape.Voltage(Limit.Finite), "reversal potential of the rectifier, E_in of App. C") { Required = true, When = (".model", "rectifier") },
        new("Delta_rect", Shape.Voltage(Limit.PositiveOrInfinite), "how far above E_rect the rectifier's conductance has halved")
            { Required = true, When = (".model", "rectifier") },
    ];

    private static readonly Key[] Synapses =
    [
        new("model", new Shape.Choice("conductance", "current"), "what a spike changes") { Default = "conductance" },
        new("E_ex", Shape.Voltage(Limit.Finite), "excitatory reversal potential") { Default = "0 mV", When = Conductance },
        new("E_in", Shape.Voltage(Limit.Finite), "inhibitory reversal potential") { Default = "-75 mV", When = Conductance },
        new("tau_syn", Shape.Time(Limit.NotNegative), "synaptic time constant tau_S of both kinds; 0 is instantaneous") { Default = "0 ms" },
        new("tau_syn_ex", Shape.Time(Limit.NotNegative), "excitatory synaptic time constant") { DefaultFrom = "synapses.tau_syn" },
        new("tau_syn_in", Shape.Time(Limit.NotNegative), "inhibitory synaptic time constant") { DefaultFrom = "synapses.tau_syn" },
        new("jump", new Shape.Choice("linear", "exponential"), "an arrival at an instantaneous synapse moves V by a (E - V), or by (1 - e^-a)(E - V)")
            { Default = "linear", When = Conductance },
    ];

    private static readonly Key[] Population =
    [
        new("size", Shape.Count(1), "number of neurons") { Required = true },
        new("neuron", new Shape.Map([.. Neuron.Select(k => k with { DefaultFrom = $"neuron.{k.Name}" })]),
            "what differs from `neuron`")
            { Default = "" },
    ];

    private static readonly Key[] Scaling =
    [
        new("law", new Shape.Choice(CouplingLaw.Names), "a(K), or J(K): constant, ~ 1/sqrt(K) (sqrt), ~ K^-alpha (power), or, for conductances, ~ 1/log K (log: Eq. 14, the rate is kept)") { Required = true },
        new("K_ref", Shape.Count(1), "K of the reference point") { Required = true },
        new("a_ref", Shape.Plain(Limit.Positive), "a of the reference point") { Required = true, When = Conductance },
        new("J_ref", Shape.Voltage(Limit.Positive), "J of the reference point") { Required = true, When = Current },
        new("alpha", Shape.Plain(Limit.NotNegative), "exponent of the power law") { Required = true, When = (".law", "power") },
        new("rho", Shape.Plain(Limit.Positive), "gain nu / nu_X of the network at the reference point; left out, it solves Eq. 20") { When = (".law", "log") },
        new("noise", new Shape.Choice("additive", "multiplicative", "jumps"),
            "what the rate is kept by: Eq. 14 (additive), B22 and D10 (noise that depends on V), or the action of finite jumps") { Default = "additive", When = (".law", "log") },
    ];

    private static readonly Key[] Coupling =
    [
        new("recurrent", new Shape.Flag(), "false: neurons without connections, driven by excitatory and inhibitory input") { Default = "true" },
        new("K", Shape.Count(0), "excitatory in-degree from E, and from the input") { Required = true },
        new("gamma", Shape.Plain(Limit.NotNegative), "inhibitory in-degree / K") { Default = "0.25" },
        new("a", Shape.Plain(Limit.NotNegative), "excitatory efficacy, dimensionless; or give `scaling`") { When = Conductance },
        new("scaling", new Shape.Map(Scaling), "efficacy as a function of K, instead of `a` or `J`"),
        new("J", Shape.Voltage(Limit.NotNegative), "excitatory jump of current-based synapses; or give `scaling`") { When = Current },
        new("g", Shape.Plain(Limit.NotNegative), "inhibitory / excitatory efficacy") { Required = true },
        new("in_degree_cv", Shape.Plain(Limit.NotNegative), "CV_K: standard deviation / mean of the in-degrees") { Default = "0" },
        new("in_degree", new Shape.Choice("fixed", "gaussian", "bernoulli"), "law of the in-degrees")
            { DefaultBy = ("gaussian if in_degree_cv > 0, else fixed", (c, _) => c.Find("in_degree_cv") is { Value: > 0.0 } ? "gaussian" : "fixed") },
        new("multapses", new Shape.Flag(), "whether a source may be drawn twice for one neuron") { Default = "false" },
        new("autapses", new Shape.Flag(), "whether a neuron may be its own source") { Default = "false", When = Network },
    ];

    private static readonly Key[] Wiring =
    [
        new("wiring", new Shape.Choice("independent", "pool"), "Poisson units of every neuron's own, or a pool shared by all")
            { Default = "independent" },
        new("size", Shape.Count(1), "units in the pool, N_X") { Required = true, When = (".wiring", "pool") },
    ];

    private static readonly Key[] ShortInput =
    [
        new("rate", Shape.Rate(), "rate of each unit, nu_X") { Required = true },
        new("eta", Shape.Plain(Limit.NotNegative), "inhibitory / excitatory input rate of a single neuron") { Required = true, When = SingleNeuron },
        new("K", Shape.Count(0), "excitatory in-degree from the input") { DefaultFrom = "coupling.K" },
        new("in_degree_cv", Shape.Plain(Limit.NotNegative), "standard deviation / mean of the in-degree from the input") { DefaultFrom = "coupling.in_degree_cv" },
        .. Wiring,
    ];

    private static readonly Key[] GeneralInput =
    [
        new("rate", Shape.Rate(), "rate of each unit") { Required = true },
        .. Wiring,
    ];

    private static readonly Key[] Projection =
    [
        new("from", new Shape.Text(), "population or input that sends") { Required = true },
        new("to", new Shape.Text(), "population that receives") { Required = true },
        new("type", new Shape.Choice("ex", "in"), "chooses the defaults below, and the sign of J") { Required = true },
        new("K", Shape.Count(0), "in-degree; or give `p`"),
        new("p", Shape.Plain(Limit.NotNegative), "connection probability (binomial in-degrees), instead of `K`"),
        new("in_degree_cv", Shape.Plain(Limit.NotNegative), "standard deviation / mean of the in-degrees; with `K` only") { Default = "0" },
        new("a", Shape.Plain(Limit.NotNegative), "efficacy of a conductance, dimensionless; or give `weight`") { When = Conductance },
        new("weight", Shape.Plain(Limit.NotNegative), "jump of g / g_L at an exponential conductance, instead of `a` = weight tau_syn / tau_m")
            { When = Conductance },
        new("J", Shape.Voltage(Limit.NotNegative), "size of the jump of a current-based synapse; `type` gives the sign")
            { Required = true, When = Current },
        new("tau_syn", Shape.Time(Limit.NotNegative), "synaptic time constant") { DefaultFrom = "synapses.tau_syn_{type}" },
        new("E_rev", Shape.Voltage(Limit.Finite), "reversal potential") { DefaultFrom = "synapses.E_{type}", When = Conductance },
        new("jump", new Shape.Choice("linear", "exponential"), "jump convention") { DefaultFrom = "synapses.jump", When = Conductance },
        new("delay", new Shape.Delay(), "none, a time, or a range; none from an input") { Default = "none" },
        new("multapses", new Shape.Flag(), "whether a source may be drawn twice for one neuron") { Default = "false" },
        new("autapses", new Shape.Flag(), "whether a neuron may be its own source") { Default = "false" },
    ];

    private static readonly Key[] Theory =
    [
        new("method", new Shape.Choice([.. TransferFunctions.Names]), "transfer function: the theory of one neuron")
            { DefaultBy = ("siegert; diffusion if a neuron is not lif", DefaultMethod) },
    ];

    private static readonly Key[] Simulation =
    [
        new("engine", new Shape.Choice("grid", "events"), "time steps, or continuous time: exact and slower, for instantaneous synapses only")
            { Default = "grid" },
        new("dt", Shape.Time(Limit.Positive), "time step; with events only samples and bins lie on it") { Default = "0.05 ms" },
        new("integration", new Shape.Choice("exponential", "euler"), "a step solved exactly with its average conductances, or forward Euler as in other simulators")
            { Default = "exponential", When = ("simulation.engine", "grid") },
        new("precision", new Shape.Choice("single", "double"), "32 or 64 bits for the state on the grid; with events it has 64")
            { Default = "single", When = ("simulation.engine", "grid") },
        new("wiring", new Shape.Choice("stored", "procedural"), "synapses in memory, or computed when a spike needs them (fixed in-degrees, multapses and autapses)")
            { Default = "stored", When = ("simulation.engine", "grid") },
        new("warmup", Shape.Time(Limit.NotNegative, "s"), "simulated before anything is measured; a whole number of steps") { Default = "0.5 s" },
        new("duration", Shape.Time(Limit.Positive, "s"), "measured time; a whole number of steps") { Default = "5 s" },
        new("seed", new Shape.Integer(0, ulong.MaxValue), "seed of every random number") { Default = "1" },
        new("stop_above", Shape.Rate(Limit.PositiveOrInfinite),
            "stops a run in which a population fires faster than this through 100 ms; left out, 90 % of 1 / (t_ref + dt) for populations that "
            + "excite themselves"),
    ];

    private static readonly Key[] Record =
    [
        new("sample_interval", Shape.Time(Limit.Positive), "between samples of the membrane potential; rounded up to whole steps")
            { Default = "0.5 ms" },
        new("histogram_bin", Shape.Voltage(Limit.Positive), "bin of the membrane histogram") { Default = "0.1 mV" },
        new("traces", Shape.Count(0), "neurons of each population whose potential is traced: the first so many") { Default = "3" },
        new("trace_neurons", new Shape.ListOf(Shape.Count(0)), "traces these neurons instead, by their index within each population"),
        new("trace_duration", Shape.Time(Limit.NotNegative, "s"), "how long, after the warm-up") { Default = "0.3 s" },
        new("raster", Shape.Count(0), "neurons of each population in the raster") { Default = "100" },
        new("raster_duration", Shape.Time(Limit.NotNegative, "s"), "how long, after the warm-up") { Default = "1 s" },
        new("rate_bin", Shape.Time(Limit.Positive), "bin of the population rate; rounded up to whole steps") { Default = "1 ms" },
    ];

    private static string DefaultMethod(Entry theory, Entry file)
    {
        Entry populations = file["populations"];
        bool isLeaky = populations.Names.All(name => populations.Find(name)?.Find("neuron")?.Find("model") is not { Value: string model } || model == "lif");
        return TransferFunctions.Named(isLeaky ? "siegert" : "diffusion").Name;
    }

    /// <summary>The whole file.</summary>
    internal static Shape.Map File { get; } = new(
    [
        new("name", new Shape.Text(), "title of the experiment") { Default = "untitled" },
        new("neuron", new Shape.Map(Neuron), "the neurons of every population") { Default = "" },
        new("synapses", new Shape.Map(Synapses), "the synapses of every projection") { Default = "" },
        new("populations", new Shape.Named(new Shape.Map(Population), "population"), "the populations") { Required = true },
        new("coupling", new Shape.Map(Coupling), "the paper's network, or single neurons") { Form = FileForm.Short, Required = true },
        new("input", new Shape.Map(ShortInput), "external Poisson input") { Form = FileForm.Short, Required = true },
        new("delays", new Shape.Named(new Shape.Delay(), "source population"), "delay of the spikes of a population")
            { Form = FileForm.Short, When = Network, Default = "" },
        new("inputs", new Shape.Named(new Shape.Map(GeneralInput), "input"), "external Poisson inputs") { Form = FileForm.General, Default = "" },
        new("projections", new Shape.ListOf(new Shape.Map(Projection)), "who projects to whom") { Form = FileForm.General, Required = true },
        new("theory", new Shape.Map(Theory), "the prediction") { Default = "" },
        new("simulation", new Shape.Map(Simulation), "the simulation") { Default = "" },
        new("record", new Shape.Map(Record), "what is recorded beside the averages") { Default = "" },
    ]);
}
