namespace Shunt.Theory;

/// <summary>Sign of a postsynaptic potential.</summary>
public enum PspKind
{
    /// <summary>EPSP.</summary>
    Excitatory,

    /// <summary>IPSP.</summary>
    Inhibitory,
}

/// <summary>How the amplitude of postsynaptic potentials depends on the number of inputs of a neuron (Fig. 5).</summary>
public abstract record PspLaw
{
    private protected PspLaw(double inhibitoryRatio) => InhibitoryRatio = inhibitoryRatio;

    /// <summary>g: inhibitory over excitatory efficacy.</summary>
    public double InhibitoryRatio { get; }

    /// <summary>Amplitude (mV).</summary>
    /// <param name="kind">Sign.</param>
    /// <param name="inDegree">K, number of inputs, positive.</param>
    public abstract double Amplitude(PspKind kind, double inDegree);
}

/// <summary>
/// The law of strongly coupled conductance-based neurons, K = c u exp(u^2) with u = vbar/sqrt(a) (14): a synapse of efficacy a makes an EPSP of so many
/// mV times a, and an IPSP of so many mV times g a.
/// </summary>
public sealed record ConductancePspLaw : PspLaw
{
    /// <summary>Creates the law.</summary>
    /// <param name="constant">c, positive.</param>
    /// <param name="scaledDistance">vbar, dimensionless, positive.</param>
    /// <param name="inhibitoryRatio">g.</param>
    /// <param name="epspPerEfficacy">EPSP over a (mV): the driving force of excitation.</param>
    /// <param name="ipspPerEfficacy">IPSP over g a (mV).</param>
    public ConductancePspLaw(double constant, double scaledDistance, double inhibitoryRatio, double epspPerEfficacy = 60, double ipspPerEfficacy = 20)
        : base(inhibitoryRatio)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(constant);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(scaledDistance);
        (Constant, ScaledDistance, EpspPerEfficacy, IpspPerEfficacy) = (constant, scaledDistance, epspPerEfficacy, ipspPerEfficacy);
    }

    /// <summary>c.</summary>
    public double Constant { get; }

    /// <summary>vbar: distance of threshold from mean potential, scaled so that it does not depend on K.</summary>
    public double ScaledDistance { get; }

    /// <summary>EPSP over a (mV).</summary>
    public double EpspPerEfficacy { get; }

    /// <summary>IPSP over g a (mV).</summary>
    public double IpspPerEfficacy { get; }

    /// <summary>u = vbar/sqrt(a).</summary>
    /// <param name="inDegree">K, positive.</param>
    public double Argument(double inDegree) => Math.Exp(LogArgument(Math.Log(inDegree) - Math.Log(Constant)));

    /// <summary>a.</summary>
    /// <param name="inDegree">K, positive.</param>
    public double Efficacy(double inDegree)
    {
        double root = ScaledDistance / Argument(inDegree);
        return root * root;
    }

    /// <summary>-d ln a / d ln K = 2/(1 + 2 u^2): between 0 and 2, where the current-based law has 1/2.</summary>
    /// <param name="inDegree">K, positive.</param>
    public double LocalExponent(double inDegree)
    {
        double u = Argument(inDegree);
        return 2 / (1 + (2 * u * u));
    }

    /// <inheritdoc/>
    public override double Amplitude(PspKind kind, double inDegree) =>
        Efficacy(inDegree) * (kind == PspKind.Excitatory ? EpspPerEfficacy : IpspPerEfficacy * InhibitoryRatio);

    /// <summary>ln u, where ln u + u^2 equals a number: Newton's method in ln u from above, where a convex function makes it monotonous.</summary>
    /// <param name="logRatio">ln(K/c).</param>
    internal static double LogArgument(double logRatio)
    {
        double w = logRatio > 1 ? 0.5 * Math.Log(logRatio) : Math.Min(logRatio, 0);
        for (int i = 0; i < 60; i++)
        {
            double square = Math.Exp(2 * w), step = (w + square - logRatio) / (1 + (2 * square));
            w -= step;
            if (Math.Abs(step) <= 1e-15 * (1 + Math.Abs(w))) break;
        }

        return w;
    }
}

/// <summary>A power of K, EPSP = J_0 K^(-beta), IPSP = g times that; beta = 1/2 is the law of current-based balanced networks.</summary>
public sealed record PowerPspLaw : PspLaw
{
    /// <summary>Creates the law.</summary>
    /// <param name="amplitude">J_0 (mV), positive.</param>
    /// <param name="inhibitoryRatio">g.</param>
    /// <param name="exponent">beta.</param>
    public PowerPspLaw(double amplitude, double inhibitoryRatio, double exponent = 0.5)
        : base(inhibitoryRatio)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(amplitude);
        (AtOneInput, Exponent) = (amplitude, exponent);
    }

    /// <summary>J_0: the EPSP at K = 1 (mV).</summary>
    public double AtOneInput { get; }

    /// <summary>beta.</summary>
    public double Exponent { get; }

    /// <inheritdoc/>
    public override double Amplitude(PspKind kind, double inDegree) =>
        AtOneInput * Math.Pow(inDegree, -Exponent) * (kind == PspKind.Excitatory ? 1 : InhibitoryRatio);
}
