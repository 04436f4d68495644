using System.Globalization;
using Shunt.Model;
using Shunt.Simulation;
using Shunt.Theory;

namespace Shunt.Experiments;

/// <summary>
/// Turns checked entries into a <see cref="NetworkModel"/> and <see cref="SimulationSettings"/>. The model's own rules are asked piece by piece, so
/// that every broken one is reported, each at the key that the value came from.
/// </summary>
internal sealed class Lowering
{
    private const string Input = "X";
    private const string InhibitoryInput = "X_in";

    private readonly Entry root;
    private readonly List<ExperimentProblem> problems;
    private readonly List<Population> populations = [];
    private readonly List<ExternalInput> inputs = [];
    private readonly List<Lowered> projections = [];
    private CouplingScaling? couplingScaling;

    /// <summary>Model path to the entry behind it, and the words that lead from the entry's value to the model's.</summary>
    private readonly Dictionary<string, (Entry Entry, string Lead)> origins = new(StringComparer.Ordinal);

    private Lowering(Entry root, List<ExperimentProblem> problems)
    {
        this.root = root;
        this.problems = problems;
    }

    /// <summary>Lowers a bound file.</summary>
    /// <param name="root">The bound file.</param>
    /// <param name="form">Short or general.</param>
    /// <param name="set">Overrides of this point.</param>
    /// <param name="problems">Receives what is wrong; the result is null if there is anything.</param>
    internal static Experiment? Lower(
        Entry root, FileForm form, IReadOnlyList<KeyValuePair<string, string>> set, List<ExperimentProblem> problems)
    {
        var lowering = new Lowering(root, problems);
        lowering.Usable(lowering.Populations);
        if (form == FileForm.Short) lowering.Usable(lowering.ShortForm);
        if (form == FileForm.General) lowering.Usable(lowering.GeneralForm);
        lowering.Usable(lowering.CheckGrid);
        if (form != FileForm.Any) lowering.Usable(lowering.CheckModel);
        if (problems.Count > 0) return null;
        var model = new NetworkModel(root["name"].Word, lowering.populations, lowering.inputs, [.. lowering.projections.Select(p => p.Projection)]);
        SimulationSettings settings = Settings(root);
        string method = root["theory"]["method"].Word;
        if (TransferFunctions.Named(method).Objection(model) is { } objection)
        {
            problems.Add(root["theory"]["method"].Problem(objection));
            return null;
        }

        return new Experiment
        {
            Name = model.Name,
            Model = model,
            Scaling = lowering.couplingScaling,
            TheoryMethod = method,
            Simulation = settings,
            Set = set,
            ResolvedYaml = ResolvedFile.Write(root),
            Conventions = Experiments.Conventions.Of(model, settings, method),
        };
    }

    private static SimulationSettings Settings(Entry root)
    {
        Entry simulation = root["simulation"];
        Entry record = root["record"];
        return new SimulationSettings
        {
            Engine = simulation["engine"].Word == "events" ? Engine.Events : Engine.Grid,
            Wiring = simulation.Find("wiring") is { Value: "procedural" } ? WiringStorage.Procedural : WiringStorage.Stored,
            Integration = simulation.Find("integration") is { Value: "euler" } ? Integration.Euler : Integration.Exponential,
            Precision = simulation.Find("precision") is { Value: "double" } ? Precision.Double : Precision.Single,
            TimeStep = simulation["dt"].Number,
            WarmUp = simulation["warmup"].Number,
            Duration = simulation["duration"].Number,
            Seed = (ulong)(decimal)simulation["seed"].Value!,
            StopAbove = simulation.Find("stop_above")?.Number,
            SampleInterval = record["sample_interval"].Number,
            HistogramBin = record["histogram_bin"].Number,
            TracedNeurons = record["traces"].Count,
            ChosenNeurons = record.Find("trace_neurons")?.Items.Select(i => i.Count).ToArray(),
            TraceDuration = record["trace_duration"].Number,
            RasterNeurons = record["raster"].Count,
            RasterDuration = record["raster_duration"].Number,
            RateBin = record["rate_bin"].Number,
        };
    }

    private void Populations()
    {
        Entry section = root["populations"];
        foreach (string name in section.Names)
        {
            Entry entry = section[name];
            Usable(() =>
            {
                Entry n = entry["neuron"];
                populations.Add(new Population(name, entry["size"].Count, new Neuron
                {
                    MembraneTimeConstant = n["tau_m"].Number,
                    LeakReversal = n["E_L"].Number,
                    Threshold = n[n["model"].Word == "eif" ? "V_peak" : "V_th"].Number,
                    Reset = n["V_reset"].Number,
                    RefractoryPeriod = n["t_ref"].Number,
                    ConstantDrive = n["I_e"].Number,
                    Current = CurrentOf(n),
                }));
            });
        }
    }

    private static MembraneCurrent? CurrentOf(Entry neuron) => neuron["model"].Word switch
    {
        "eif" => new MembraneCurrent.SpikeInitiation(neuron["Delta_T"].Number, neuron["V_th"].Number),
        "rectifier" => new MembraneCurrent.InwardRectifier(neuron["g_rect"].Number, neuron["E_rect"].Number, neuron["Delta_rect"].Number),
        _ => null,
    };

    private void ShortForm()
    {
        if (root.Find("coupling")?.Find("recurrent") is not { Value: bool recurrent }) return;
        if (recurrent) RecurrentNetwork();
        else SingleNeurons();
    }

    /// <summary>Model A: E and I, every neuron with K inputs from E, gamma K from I and K from outside.</summary>
    private void RecurrentNetwork()
    {
        Entry section = root["populations"];
        foreach (string name in (string[])["E", "I"])
        {
            if (section.Find(name) is null)
                problems.Add(section.Problem(
                    $"there is no population {name}; the short form has exactly E and I (the general form, with projections, has any)"));
        }

        foreach (string name in section.Names.Where(n => n is not ("E" or "I")))
        {
            problems.Add(section[name].Problem(
                $"the short form has exactly the populations E and I, not '{name}'; write inputs and projections out for a general network"));
        }

        foreach (string name in root["delays"].Names.Where(n => section.Find(n) is null))
            problems.Add(root["delays"][name].Problem($"no population is called '{name}'; there are {string.Join(", ", section.Names)}"));

        bool arePresent = section.Names.Count == 2 && section.Find("E") is not null && section.Find("I") is not null;
        if (!arePresent || populations.Count != 2) return;
        bool hasInput = Usable(() => AddInput(Input, root["input"], root["input"]["rate"].Number));
        foreach (Population target in populations)
        {
            Usable(() => AddShort("E", target.Name, inhibitory: false, root["coupling"]["K"], root["delays"].Find("E")));
            Usable(() => AddShort("I", target.Name, inhibitory: true, root["coupling"]["K"], root["delays"].Find("I")));
            if (hasInput) Usable(() => AddShort(Input, target.Name, inhibitory: false, root["input"]["K"], delay: null));
        }
    }

    /// <summary>Neurons without connections: K excitatory inputs at nu_X, gamma K inhibitory ones at eta nu_X.</summary>
    private void SingleNeurons()
    {
        Entry section = root["populations"];
        if (section.Names.Count != 1)
        {
            problems.Add(section.Problem(
                "single neurons (coupling.recurrent: false) are one population, whose size is the number of neurons; "
                + $"there are {section.Names.Count}"));
            return;
        }

        if (populations.Count != 1) return;
        Usable(() =>
        {
            Entry input = root["input"];
            double rate = input["rate"].Number;
            double eta = input["eta"].Number;
            AddInput(Input, input, rate);
            AddInput(InhibitoryInput, input, eta * rate);
            AddShort(Input, populations[0].Name, inhibitory: false, input["K"], delay: null);
            AddShort(InhibitoryInput, populations[0].Name, inhibitory: true, input["K"], delay: null);
        });
    }

    private void AddShort(string source, string target, bool inhibitory, Entry excitatoryInDegree, Entry? delay)
    {
        Entry coupling = root["coupling"];
        string path = $"projections[{projections.Count}]";
        int k = excitatoryInDegree.Count;
        if (inhibitory) k = (int)Math.Round(coupling["gamma"].Number * k);
        InDegreeLaw law = ShortInDegree(source, k, path, excitatoryInDegree, inhibitory ? "gamma K = " : "");
        double g = inhibitory ? coupling["g"].Number : 1;
        Entry strength = ExcitatoryStrength(coupling, out double efficacy);
        if (inhibitory) Origin($"{path}.efficacy", coupling["g"], "g a = ");
        else Origin($"{path}.efficacy", strength, strength.Shape is Shape.Map ? "a(K) = " : "");
        if (delay is not null) Origin($"{path}.delay", delay);
        projections.Add(new Lowered(
            new Projection
            {
                Source = source,
                Target = target,
                InDegree = law,
                Synapse = SynapseOf(path, root["synapses"], inhibitory, efficacy * g),
                Delay = delay?.Delay ?? new DelayLaw.None(),
                AllowMultapses = coupling["multapses"].IsOn,
                AllowAutapses = coupling.Find("autapses") is { Value: true },
            },
            delay));
    }

    /// <summary>The entry that gives a (or J), and its value.</summary>
    private Entry ExcitatoryStrength(Entry coupling, out double efficacy)
    {
        bool isCurrent = root["synapses"]["model"].Word == "current";
        string name = isCurrent ? "J" : "a";
        Entry? a = coupling.Find(name);
        Entry? scaling = coupling.Find("scaling");
        if (a is not null && scaling is not null) Reject(scaling.Problem($"coupling has '{name}' and 'scaling'; one of the two gives the efficacy"));
        if (a is null && scaling is null)
            Reject(coupling.Place.Problem($"coupling.{name}", isCurrent ? "missing: excitatory jump of current-based synapses; or give `scaling`" : "missing: excitatory efficacy, dimensionless; or give `scaling`"));
        try
        {
            if (a is null) couplingScaling = CouplingLaw.Of(root, scaling!);
            efficacy = a?.Number ?? couplingScaling!.Efficacy(coupling["K"].Count);
        }
        catch (ModelException e)
        {
            Reject(scaling!.Problem(e.Problem));
            efficacy = double.NaN;
        }

        return a ?? scaling!;
    }

    private InDegreeLaw ShortInDegree(string source, int k, string path, Entry origin, string lead)
    {
        Entry law = root["coupling"]["in_degree"];
        ExternalInput? input = inputs.Find(i => i.Name == source);
        Entry cv = root[input is null ? "coupling" : "input"]["in_degree_cv"];
        if (cv.Number > 0 && law.Word != "gaussian")
            Reject(cv.Problem($"{Quantity.Format(cv.Number, "")} contradicts coupling.in_degree: {law.Word}; only gaussian in-degrees have a CV to choose"));

        Origin($"{path}.in_degree_cv", cv);
        if (law.Word == "bernoulli" && input is not { Wiring: InputWiring.Independent })
        {
            int size = input?.PoolSize ?? populations.Find(p => p.Name == source)!.Size;
            Origin($"{path}.p", origin, $"K / N = {k} / {size} = ");
            return new InDegreeLaw.Bernoulli(k / (double)size);
        }

        Origin($"{path}.K", origin, lead);
        return law.Word == "gaussian" ? new InDegreeLaw.Gaussian(k, cv.Number) : new InDegreeLaw.Fixed(k);
    }

    private Synapse SynapseOf(string path, Entry synapses, bool inhibitory, double efficacy)
    {
        Entry tau = synapses[inhibitory ? "tau_syn_in" : "tau_syn_ex"];
        Origin($"{path}.tau_syn", tau);
        if (synapses["model"].Word == "current")
            return Synapse.Current(inhibitory ? -efficacy : efficacy) with { TimeConstant = tau.Number };
        Entry reversal = synapses[inhibitory ? "E_in" : "E_ex"];
        Origin($"{path}.reversal", reversal);
        return Synapse.Conductance(efficacy, reversal.Number, Jump(synapses["jump"])) with { TimeConstant = tau.Number };
    }

    private static JumpConvention Jump(Entry entry) => entry.Word == "exponential" ? JumpConvention.Exponential : JumpConvention.Linear;

    private void AddInput(string name, Entry entry, double rate)
    {
        bool isPool = entry["wiring"].Word == "pool";
        inputs.Add(new ExternalInput(name, rate, isPool ? InputWiring.Pool : InputWiring.Independent, isPool ? entry["size"].Count : 0));
        Origin($"inputs.{name}", entry);
        Origin($"inputs.{name}.rate", entry["rate"]);
    }

    private void GeneralForm()
    {
        Entry section = root["inputs"];
        foreach (string name in section.Names) Usable(() => AddInput(name, section[name], section[name]["rate"].Number));
        foreach (Entry entry in root.Find("projections")?.Items ?? []) Usable(() => AddGeneral(entry));
    }

    private void AddGeneral(Entry entry)
    {
        string path = $"projections[{projections.Count}]";
        string source = entry["from"].Word;
        string target = entry["to"].Word;
        string[] targets = root["populations"].Names.ToArray();
        Known(entry["from"], "population or input", [.. targets, .. root["inputs"].Names]);
        Known(entry["to"], "population", targets);
        Entry? delay = entry["delay"];
        Origin($"{path}.delay", delay);
        Origin($"{path}.tau_syn", entry["tau_syn"]);
        var projection = new Projection
        {
            Source = source,
            Target = target,
            InDegree = GeneralInDegree(entry, path),
            Synapse = GeneralSynapse(entry, path, target),
            Delay = delay.Delay,
            AllowMultapses = entry["multapses"].IsOn,
            AllowAutapses = entry["autapses"].IsOn,
        };
        projections.Add(new Lowered(projection, delay));
    }

    private InDegreeLaw GeneralInDegree(Entry entry, string path)
    {
        Entry? k = entry.Find("K");
        Entry? p = entry.Find("p");
        Entry cv = entry["in_degree_cv"];
        ExactlyOne(entry, "K", k, "p", p, "the in-degree");
        Origin($"{path}.K", k ?? p!);
        Origin($"{path}.p", p ?? k!);
        Origin($"{path}.in_degree_cv", cv);
        if (p is not null && cv.Number > 0)
            Reject(cv.Problem("goes with 'K'; a connection probability 'p' fixes the spread of the in-degrees itself"));
        if (p is not null) return new InDegreeLaw.Bernoulli(p.Number);
        return cv.Number > 0 ? new InDegreeLaw.Gaussian(k!.Count, cv.Number) : new InDegreeLaw.Fixed(k!.Count);
    }

    private Synapse GeneralSynapse(Entry entry, string path, string target)
    {
        bool inhibitory = entry["type"].Word == "in";
        double tau = entry["tau_syn"].Number;
        if (root["synapses"]["model"].Word == "current")
        {
            Entry jump = entry["J"];
            Origin($"{path}.efficacy", jump);
            return Synapse.Current(inhibitory ? -jump.Number : jump.Number) with { TimeConstant = tau };
        }

        Entry? a = entry.Find("a");
        Entry? weight = entry.Find("weight");
        ExactlyOne(entry, "a", a, "weight", weight, "the efficacy");
        if (weight is not null && tau == 0)
            Reject(weight.Problem("a jump of the conductance needs an exponential synapse, but tau_syn is 0; give 'a' instead"));
        Population? receiver = populations.Find(p => p.Name == target);
        if (weight is not null && receiver is null) throw new UnusableEntryException(path);
        double efficacy = a?.Number ?? weight!.Number * tau / receiver!.Neuron.MembraneTimeConstant;
        Origin($"{path}.efficacy", a ?? weight!, a is null ? "a = weight tau_syn / tau_m = " : "");
        Origin($"{path}.reversal", entry["E_rev"]);
        return Synapse.Conductance(efficacy, entry["E_rev"].Number, Jump(entry["jump"])) with { TimeConstant = tau };
    }

    private void ExactlyOne(Entry owner, string first, Entry? one, string second, Entry? other, string what)
    {
        if (one is null == other is null)
            Reject(owner.Problem($"needs exactly one of '{first}' and '{second}' for {what}; it has {(one is null ? "neither" : "both")}"));
    }

    private void Known(Entry name, string what, string[] names)
    {
        if (names.Contains(name.Word, StringComparer.Ordinal)) return;
        string hint = Spelling.Nearest(name.Word, names) is { } near ? $"did you mean '{near}'?" : $"there are {string.Join(", ", names)}";
        Reject(name.Problem($"no {what} is called '{name.Word}'; {hint}"));
    }

    /// <summary>Times that must fit the time step.</summary>
    private void CheckGrid()
    {
        Entry simulation = root["simulation"];
        if (simulation.Find("dt") is not { Value: double dt }) return;
        WholeSteps(simulation.Find("warmup"), dt);
        WholeSteps(simulation.Find("duration"), dt);
        if (simulation.Find("engine") is { Value: "events" }) return; // only the times of the run lie on the grid then
        foreach (string name in root["populations"].Names) WholeSteps(root["populations"][name].Find("neuron")?.Find("t_ref"), dt);
        foreach (Lowered p in projections)
        {
            double longest = p.Projection.Delay switch
            {
                DelayLaw.Constant(var value) => value,
                DelayLaw.Uniform(_, var maximum) => maximum,
                _ => double.PositiveInfinity,
            };
            if (p.Delay is null || longest <= 0) continue;
            if (longest < dt * (1 - GridTolerance))
            {
                problems.Add(p.Delay.Problem(
                    $"{Quantity.Format(longest, "ms")} is shorter than the time step dt, {Quantity.Format(dt, "ms")}; "
                    + "make it at least one step, or write none (delivery in the next step), or make dt smaller"));
            }
            else if (p.Projection.Delay is DelayLaw.Constant)
            {
                WholeSteps(p.Delay.Lend(Shape.Time(Limit.Positive)), dt, longest);
            }
        }
    }

    private const double GridTolerance = 1e-6;

    private void WholeSteps(Entry? entry, double dt)
    {
        if (entry is { Value: double value }) WholeSteps(entry, dt, value);
    }

    private void WholeSteps(Entry entry, double dt, double value)
    {
        double steps = value / dt;
        if (Math.Abs(steps - Math.Round(steps)) <= GridTolerance) return;
        string unit = ((Shape.Number)entry.Shape).Unit;
        string Text(double x) => Quantity.Format(double.Parse(x.ToString("G12", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture), unit);
        problems.Add(entry.Problem(
            $"{Quantity.Format(value, unit)} is not a whole number of time steps of {Quantity.Format(dt, "ms")}; "
            + $"nearest are {Text(Math.Floor(steps) * dt)} and {Text(Math.Ceiling(steps) * dt)}"));
    }

    /// <summary>Asks the model about each population and each projection alone: one broken rule does not hide the next.</summary>
    private void CheckModel()
    {
        string name = root["name"].Word;
        foreach (Population p in populations) Ask(() => new NetworkModel(name, [p], [], []), 0);
        if (populations.Count < root["populations"].Names.Count) return;
        Ask(() => new NetworkModel(name, populations, inputs, []), 0);
        for (int i = 0; i < projections.Count; i++)
        {
            Projection projection = projections[i].Projection;
            Ask(() => new NetworkModel(name, populations, inputs, [projection]), i);
        }
    }

    private void Ask(Func<NetworkModel> build, int projection)
    {
        try
        {
            _ = build();
        }
        catch (ModelException e)
        {
            string path = e.Path.Replace("projections[0]", $"projections[{projection}]", StringComparison.Ordinal);
            (Entry entry, string lead) = origins.TryGetValue(path, out var origin) ? origin : (Deepest(path), "");
            problems.Add(entry.Problem(lead + e.Problem));
        }
    }

    private Entry Deepest(string path)
    {
        Entry entry = root;
        foreach (string name in path.Split('.'))
        {
            if (entry.Find(name) is not { } child) break;
            entry = child;
        }

        return entry;
    }

    private void Origin(string modelPath, Entry entry, string lead = "") => origins[modelPath] = (entry, lead);

    private void Reject(ExperimentProblem problem)
    {
        problems.Add(problem);
        throw new UnusableEntryException(problem.Path);
    }

    /// <summary>
    /// Lowers one piece; false when it rests on a value whose problem is already in the list. The other pieces can still be checked.
    /// </summary>
    private bool Usable(Action piece)
    {
        try
        {
            piece();
            return true;
        }
        catch (UnusableEntryException) when (problems.Count > 0)
        {
            return false;
        }
    }

    private sealed record Lowered(Projection Projection, Entry? Delay);
}
