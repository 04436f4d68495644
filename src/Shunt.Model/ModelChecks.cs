using System.Globalization;

namespace Shunt.Model;

/// <summary>A value that no network can have. The message says what is wrong and what is allowed; <see cref="Path"/> says where.</summary>
public sealed class ModelException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="path">Dotted path into the model, for instance <c>populations.E.neuron.V_th</c> or <c>projections[2].efficacy</c>.</param>
    /// <param name="problem">The value and what is allowed.</param>
    public ModelException(string path, string problem)
        : base($"{path}: {problem}")
    {
        Path = path;
        Problem = problem;
    }

    /// <summary>Dotted path into the model.</summary>
    public string Path { get; }

    /// <summary>The message without the path.</summary>
    public string Problem { get; }
}

/// <summary>The rules every network obeys, in one place.</summary>
internal static class ModelChecks
{
    internal static void Check(NetworkModel model)
    {
        Require(model.Populations.Count > 0, "populations", "there is none; a network needs at least one population");
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (Population population in model.Populations)
        {
            string path = $"populations.{population.Name}";
            Require(population.Name.Length > 0, "populations", "a population has no name");
            Require(names.Add(population.Name), path, "the name is used twice; names of populations and inputs must differ");
            Require(population.Size > 0, $"{path}.size", $"{population.Size} neurons; must be at least 1");
            CheckNeuron(population.Neuron, $"{path}.neuron");
        }

        foreach (ExternalInput input in model.Inputs)
        {
            string path = $"inputs.{input.Name}";
            Require(input.Name.Length > 0, "inputs", "an input has no name");
            Require(names.Add(input.Name), path, "the name is used twice; names of populations and inputs must differ");
            Require(input.Rate >= 0 && double.IsFinite(input.Rate), $"{path}.rate", $"{Text(input.Rate)} Hz; must be zero or more and finite");
            if (input.Wiring == InputWiring.Pool)
                Require(input.PoolSize > 0, $"{path}.size", $"{input.PoolSize} units; a pool needs at least 1");
        }

        for (int i = 0; i < model.Projections.Count; i++) CheckProjection(model, model.Projections[i], $"projections[{i}]");
    }

    private static void CheckNeuron(Neuron n, string path)
    {
        Require(Positive(n.MembraneTimeConstant), $"{path}.tau_m", $"{Text(n.MembraneTimeConstant * 1e3)} ms; must be positive and finite");
        Require(double.IsFinite(n.LeakReversal), $"{path}.E_L", $"{Text(n.LeakReversal)} mV; must be finite");
        Require(double.IsFinite(n.ConstantDrive), $"{path}.I_e", $"{Text(n.ConstantDrive)} mV; must be finite");
        Require(double.IsFinite(n.Reset), $"{path}.V_reset", $"{Text(n.Reset)} mV; must be finite");
        Require(
            n.SpikeOnset > n.Reset, // an infinite threshold is allowed: a membrane that never fires
            $"{path}.V_th",
            $"{Text(n.SpikeOnset)} mV; must be above V_reset, which is {Text(n.Reset)} mV");
        Require(
            n.RefractoryPeriod >= 0 && double.IsFinite(n.RefractoryPeriod),
            $"{path}.t_ref",
            $"{Text(n.RefractoryPeriod * 1e3)} ms; must be zero or more and finite");
        CheckCurrent(n, path);
    }

    private static void CheckCurrent(Neuron n, string path)
    {
        switch (n.Current)
        {
            case MembraneCurrent.SpikeInitiation(var sharpness, var threshold):
                Require(Positive(sharpness), $"{path}.Delta_T", $"{Text(sharpness)} mV; must be positive and finite");
                Require(double.IsFinite(threshold), $"{path}.V_th", $"{Text(threshold)} mV; must be finite where a spike starts by itself");
                Require(
                    n.Threshold > threshold && double.IsFinite(n.Threshold),
                    $"{path}.V_peak",
                    $"{Text(n.Threshold)} mV; must be finite and above V_th, which is {Text(threshold)} mV");
                break;
            case MembraneCurrent.InwardRectifier(var conductance, var reversal, var range):
                Require(conductance >= 0 && double.IsFinite(conductance), $"{path}.g_rect", $"{Text(conductance)}; must be zero or more and finite");
                Require(double.IsFinite(reversal), $"{path}.E_rect", $"{Text(reversal)} mV; must be finite");
                Require(range > 0, $"{path}.Delta_rect", $"{Text(range)} mV; must be positive (inf: a constant conductance)");
                CheckAboveLowest(n.Current, n.Reset, $"{path}.V_reset");
                CheckAboveLowest(n.Current, n.RestingPotential, $"{path}.E_L");
                break;
        }
    }

    // V lies between the potentials that pull it, so it never gets to where the current has no meaning
    private static void CheckAboveLowest(MembraneCurrent current, double potential, string path) => Require(
        potential > current.LowestPotential,
        path,
        $"{Text(potential)} mV; with an inward rectifier it must lie above E_rect - Delta_rect, where the conductance has no limit: "
        + $"{Text(current.LowestPotential)} mV");

    private static void CheckProjection(NetworkModel model, Projection p, string path)
    {
        Population? source = model.FindPopulation(p.Source);
        ExternalInput? input = model.FindInput(p.Source);
        Require(
            source is not null || input is not null,
            $"{path}.from",
            $"no population or input is called '{p.Source}'; there are {string.Join(", ", model.Populations.Select(q => q.Name).Concat(model.Inputs.Select(q => q.Name)))}");
        Require(
            model.FindPopulation(p.Target) is not null,
            $"{path}.to",
            $"no population is called '{p.Target}'; there are {string.Join(", ", model.Populations.Select(q => q.Name))}");
        CheckSynapse(p.Synapse, path);
        CheckReach(p.Synapse, model.FindPopulation(p.Target)!.Neuron, path);
        CheckInDegree(model, p, source, input, path);
        CheckDelay(p.Delay, input, path);
    }

    private static void CheckSynapse(Synapse s, string path)
    {
        Require(double.IsFinite(s.Efficacy), $"{path}.efficacy", $"{Text(s.Efficacy)}; must be finite");
        Require(
            s.TimeConstant >= 0 && double.IsFinite(s.TimeConstant),
            $"{path}.tau_syn",
            $"{Text(s.TimeConstant * 1e3)} ms; must be zero (instantaneous) or more");
        if (s.Model == SynapseModel.Current) return;
        Require(s.Efficacy >= 0, $"{path}.efficacy", $"{Text(s.Efficacy)}; the efficacy of a conductance must be zero or more (inhibition comes from the reversal potential)");
        Require(double.IsFinite(s.Reversal), $"{path}.reversal", $"{Text(s.Reversal)} mV; a conductance needs a finite reversal potential");
        Require(
            !s.IsInstantaneous || s.Jump != JumpConvention.Linear || s.Efficacy < 1,
            $"{path}.efficacy",
            $"{Text(s.Efficacy)}; must be below 1 with the linear jump a (E - V), or V would overshoot the reversal potential (the exponential convention allows it)");
    }

    private static void CheckReach(Synapse s, Neuron target, string path)
    {
        if (target.Current is not { } current || double.IsNegativeInfinity(current.LowestPotential)) return;
        if (s.Model == SynapseModel.Conductance) CheckAboveLowest(current, s.Reversal, $"{path}.reversal");
        else
            Require(
                s.Efficacy >= 0,
                $"{path}.efficacy",
                $"{Text(s.Efficacy)} mV; an inhibitory current can take V below E_rect - Delta_rect, where the rectifier has no meaning: use conductances");
    }

    private static void CheckInDegree(NetworkModel model, Projection p, Population? source, ExternalInput? input, string path)
    {
        bool isPrivate = input is { Wiring: InputWiring.Independent };
        switch (p.InDegree)
        {
            case InDegreeLaw.Fixed(var k):
                Require(k >= 0, $"{path}.K", $"{k}; must be zero or more");
                break;
            case InDegreeLaw.Gaussian(var k, var cv):
                Require(k >= 0, $"{path}.K", $"{k}; must be zero or more");
                Require(cv >= 0 && double.IsFinite(cv), $"{path}.in_degree_cv", $"{Text(cv)}; must be zero or more");
                break;
            case InDegreeLaw.Bernoulli(var probability):
                Require(probability is >= 0 and <= 1, $"{path}.p", $"{Text(probability)}; must lie between 0 and 1");
                Require(!isPrivate, $"{path}.p", $"input '{p.Source}' has independent wiring, so there is no pool to draw from; give K, or make it a pool");
                break;
        }

        if (isPrivate) return;
        int available = (source?.Size ?? input!.PoolSize) - (source is not null && p.Source == p.Target && !p.AllowAutapses ? 1 : 0);
        double mean = p.InDegree is InDegreeLaw.Bernoulli ? 0 : model.MeanInDegree(p);
        if (p.AllowMultapses)
        {
            Require(mean == 0 || available > 0, $"{path}.K", $"{Text(mean)} inputs per neuron, but '{p.Source}' has no neuron besides the target itself; allow autapses or make it larger");
            return;
        }

        Require(
            mean <= available,
            $"{path}.K",
            $"{Text(mean)} inputs per neuron, but '{p.Source}' offers {available} sources (each may be drawn once, and a neuron is not its own source); make K smaller or the source larger");
    }

    private static void CheckDelay(DelayLaw delay, ExternalInput? input, string path)
    {
        Require(
            input is null || delay is DelayLaw.None,
            $"{path}.delay",
            "an external input has no delay: its spikes are Poisson, so a shift in time would change nothing");
        switch (delay)
        {
            case DelayLaw.Constant(var d):
                Require(Positive(d), $"{path}.delay", $"{Text(d * 1e3)} ms; must be positive (leave it out for delivery in the next step)");
                break;
            case DelayLaw.Uniform(var min, var max):
                Require(min >= 0 && double.IsFinite(min), $"{path}.delay", $"shortest {Text(min * 1e3)} ms; must be zero or more");
                Require(max > min && double.IsFinite(max), $"{path}.delay", $"longest {Text(max * 1e3)} ms; must be above the shortest, {Text(min * 1e3)} ms");
                break;
        }
    }

    private static bool Positive(double x) => x > 0 && double.IsFinite(x);

    private static string Text(double x) => x.ToString("G6", CultureInfo.InvariantCulture);

    private static void Require(bool condition, string path, string problem)
    {
        if (!condition) throw new ModelException(path, problem);
    }
}
