namespace Shunt.Experiments;

/// <summary>The efficacy that <c>coupling.scaling</c> gives at <c>coupling.K</c>: the one place where a law of the file becomes a number.</summary>
internal static class CouplingLaw
{
    /// <summary>The laws a file may name.</summary>
    internal static string[] Names { get; } = ["constant", "sqrt", "power"];

    /// <summary>a(K) through the reference point (K_ref, a_ref).</summary>
    /// <param name="scaling">The map <c>coupling.scaling</c>.</param>
    /// <param name="k">In-degree K.</param>
    internal static double Efficacy(Entry scaling, int k)
    {
        double reference = scaling["a_ref"].Number;
        double ratio = k / (double)scaling["K_ref"].Count;
        return scaling["law"].Word switch
        {
            "sqrt" => reference / Math.Sqrt(ratio),
            "power" => reference * Math.Pow(ratio, -scaling["alpha"].Number),
            _ => reference,
        };
    }
}
