using Shunt.Model;
using Shunt.Theory;

namespace Shunt.Experiments;

/// <summary>The efficacy that <c>coupling.scaling</c> gives at <c>coupling.K</c>: the one place where a law of the file becomes a number.</summary>
internal static class CouplingLaw
{
    /// <summary>The laws a file may name.</summary>
    internal static string[] Names { get; } = ["constant", "sqrt", "power", "log"];

    /// <summary>a(K), or J(K) in mV, through the reference point.</summary>
    /// <param name="root">The file.</param>
    /// <param name="scaling">The map <c>coupling.scaling</c>.</param>
    /// <exception cref="ModelException">The law <c>log</c> does not apply: its path is <c>coupling.scaling</c>.</exception>
    internal static CouplingScaling Of(Entry root, Entry scaling)
    {
        bool isCurrent = root["synapses"]["model"].Word == "current";
        double kRef = scaling["K_ref"].Count, aRef = scaling[isCurrent ? "J_ref" : "a_ref"].Number;
        if (isCurrent && scaling["law"].Word == "log")
            throw new ModelException("coupling.scaling", "the law 'log' is one of conductances, which shorten the time constant; current-based synapses keep their rate with 'sqrt'");
        return scaling["law"].Word switch
        {
            "sqrt" => CouplingScaling.InverseSquareRoot(kRef, aRef),
            "power" => new CouplingScaling.Power(kRef, aRef, scaling["alpha"].Number),
            "log" => Escape(Escape(root, scaling), scaling, kRef, aRef),
            _ => new CouplingScaling.Constant(aRef),
        };
    }

    private static CouplingScaling Escape(StrongCoupling strong, Entry scaling, double kRef, double aRef)
    {
        CouplingScaling law = strong.Scaling(kRef, aRef); // says so when it does not apply
        return scaling.Find("noise") is { Value: "jumps" } ? new CouplingScaling.Escape(kRef, aRef, EscapeAction.Scaled(strong)) : law;
    }

    /// <summary>The strong-coupling limit (Eq. 13) of the file's neuron: input ratios 1 and eta without recurrence, 1 + rho and rho in a network.</summary>
    private static StrongCoupling Escape(Entry root, Entry scaling)
    {
        Entry coupling = root["coupling"], synapses = root["synapses"];
        var strong = new StrongCoupling
        {
            Threshold = Threshold(root["populations"]),
            ExcitatoryReversal = synapses["E_ex"].Number,
            InhibitoryReversal = synapses["E_in"].Number,
            G = coupling["g"].Number,
            Gamma = coupling["gamma"].Number,
            ExcitatoryRatio = 1,
            InhibitoryRatio = 0,
            Noise = scaling.Find("noise") is { Value: "multiplicative" } ? NoiseForm.Multiplicative : NoiseForm.Additive,
        };
        Entry? rho = scaling.Find("rho");
        if (coupling["recurrent"].IsOn)
        {
            double gain = rho?.Number ?? GainAtReference(strong, scaling);
            return strong with { ExcitatoryRatio = 1 + gain, InhibitoryRatio = gain };
        }

        if (rho is not null) throw new ModelException("coupling.scaling", "'rho' is the gain of a network; without recurrence the inhibitory input follows from input.eta");
        return strong with { InhibitoryRatio = root["input"]["eta"].Number };
    }

    /// <summary>The threshold that the law keeps the rate by; it has room for one only.</summary>
    private static double Threshold(Entry populations)
    {
        (string Name, double Threshold)[] all = [.. populations.Names.Select(n => (n, populations[n]["neuron"]["V_th"].Number))];
        if (all.Select(p => p.Threshold).Distinct().Count() == 1) return all[0].Threshold;
        string list = string.Join(", ", all.Select(p => $"{p.Name} {Quantity.Format(p.Threshold, "mV")}"));
        throw new ModelException("coupling.scaling", $"the law 'log' needs one V_th, but the populations differ: {list}");
    }

    private static double GainAtReference(StrongCoupling strong, Entry scaling)
    {
        IReadOnlyList<double> gains = NetworkGain.Solve(strong, scaling["a_ref"].Number, scaling["K_ref"].Count);
        return gains.Count > 0
            ? gains[^1]
            : throw new ModelException(
                "coupling.scaling", "no gain rho solves Eq. 20 at the reference point, so the law 'log' does not apply there; choose another reference, more inhibition, or give 'rho'");
    }
}
