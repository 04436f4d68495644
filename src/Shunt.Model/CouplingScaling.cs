namespace Shunt.Model;

/// <summary>How the efficacy changes with the number of inputs: a(K).</summary>
public abstract record CouplingScaling
{
    /// <summary>Efficacy at an in-degree.</summary>
    /// <param name="inDegree">K; positive.</param>
    public abstract double Efficacy(double inDegree);

    /// <summary>a ~ 1/sqrt(K), the classical balanced scaling.</summary>
    /// <param name="referenceInDegree">K_0 of the reference point; positive.</param>
    /// <param name="referenceEfficacy">a_0 at the reference point.</param>
    public static CouplingScaling InverseSquareRoot(double referenceInDegree, double referenceEfficacy) =>
        new Power(referenceInDegree, referenceEfficacy, 0.5);

    /// <summary>The same efficacy at every in-degree.</summary>
    /// <param name="Value">a.</param>
    public sealed record Constant(double Value) : CouplingScaling
    {
        /// <inheritdoc/>
        public override double Efficacy(double inDegree) => Value;
    }

    /// <summary>a = a_0 (K/K_0)^-alpha.</summary>
    /// <param name="ReferenceInDegree">K_0; positive.</param>
    /// <param name="ReferenceEfficacy">a_0.</param>
    /// <param name="Alpha">Exponent; 0 keeps a, 1/2 is the balanced scaling.</param>
    public sealed record Power(double ReferenceInDegree, double ReferenceEfficacy, double Alpha) : CouplingScaling
    {
        /// <inheritdoc/>
        public override double Efficacy(double inDegree) => ReferenceEfficacy * Math.Pow(inDegree / ReferenceInDegree, -Alpha);
    }

    /// <summary>
    /// The paper's scaling (Eq. 14; B22 and D10 when the noise depends on V), which keeps the time between escapes over the threshold: K = const exp(vbar^2/a)/sqrt(a), so that a falls like
    /// 1/log K. The constant is fixed by a reference point; the equation is solved in log space and holds for any K.
    /// </summary>
    /// <param name="ReferenceInDegree">K_0; positive.</param>
    /// <param name="ReferenceEfficacy">a_0; positive.</param>
    /// <param name="Barrier">vbar^2 of Eq. 13, or F(v_max) - F(alpha) of (B22, D10), see <see cref="StrongCoupling.Barrier"/>; zero or more.</param>
    public sealed record Escape(double ReferenceInDegree, double ReferenceEfficacy, double Barrier) : CouplingScaling
    {
        /// <inheritdoc/>
        public override double Efficacy(double inDegree)
        {
            // with w = ln(1/a) and barrier vbar^2: vbar^2 e^w + w/2 = ln K + const, increasing and convex, so Newton's method converges from anywhere
            double w = -Math.Log(ReferenceEfficacy);
            double target = Math.Log(inDegree / ReferenceInDegree) + Barrier * Math.Exp(w) + w / 2;
            for (int i = 0; i < 1000; i++)
            {
                double exponential = Barrier * Math.Exp(w);
                double step = (exponential + w / 2 - target) / (exponential + 0.5);
                w -= step;
                if (Math.Abs(step) < 1e-15 * (1 + Math.Abs(w))) break;
            }

            return Math.Exp(-w);
        }
    }
}

/// <summary>Whether the noise of the strong-coupling limit is that at mu (Eqs. 12-14) or depends on V (Apps. B, D).</summary>
public enum NoiseForm
{
    /// <summary>Taken at mu: Eqs. 12-14.</summary>
    Additive,

    /// <summary>Depends on V: B6, B22, D9, D10; read as Ito.</summary>
    Multiplicative,
}

/// <summary>
/// The limit of strong coupling, input rates far above 1/(a K tau_L), where synapses outweigh the leak and the scaled moments of Eq. 13 no longer
/// depend on a, K or nu_X. One excitatory and one inhibitory kind of input, with efficacies a and g a and in-degrees K and gamma K.
/// </summary>
public sealed record StrongCoupling
{
    /// <summary>Spike threshold theta (mV).</summary>
    public required double Threshold { get; init; }

    /// <summary>Reversal potential of excitation E_E (mV).</summary>
    public required double ExcitatoryReversal { get; init; }

    /// <summary>Reversal potential of inhibition E_I (mV).</summary>
    public required double InhibitoryReversal { get; init; }

    /// <summary>Ratio of inhibitory to excitatory efficacy g.</summary>
    public required double G { get; init; }

    /// <summary>Ratio of inhibitory to excitatory in-degree gamma.</summary>
    public required double Gamma { get; init; }

    /// <summary>Excitatory input rate r_E in units of nu_X: 1 for a single neuron, 1 + rho in a network.</summary>
    public required double ExcitatoryRatio { get; init; }

    /// <summary>Inhibitory input rate r_I in units of nu_X: eta for a single neuron, rho in a network.</summary>
    public required double InhibitoryRatio { get; init; }

    /// <summary>How the noise depends on V; additive unless set.</summary>
    public NoiseForm Noise { get; init; } = NoiseForm.Additive;

    /// <summary>taubar = a K nu_X tau, Eq. 13.</summary>
    public double TauBar => 1 / (ExcitatoryRatio + G * Gamma * InhibitoryRatio);

    /// <summary>mubar (mV), Eq. 13.</summary>
    public double MuBar => TauBar * (ExcitatoryRatio * ExcitatoryReversal + G * Gamma * InhibitoryRatio * InhibitoryReversal);

    /// <summary>sigmabar = sigma/sqrt(a) (mV), Eq. 13.</summary>
    public double SigmaBar => Math.Sqrt(TauBar * SquaredNoise.Squared(MuBar));

    // B^2/(a^2 K nu_X) as a function of V
    private VoltageNoise SquaredNoise
    {
        get
        {
            double inhibition = G * G * Gamma * InhibitoryRatio, slope = ExcitatoryRatio + inhibition, difference = ExcitatoryReversal - InhibitoryReversal;
            return new VoltageNoise(
                slope,
                (ExcitatoryRatio * ExcitatoryReversal + inhibition * InhibitoryReversal) / slope,
                ExcitatoryRatio * inhibition / slope * difference * difference);
        }
    }

    /// <summary>vbar = (theta - mubar)/sigmabar = sqrt(a) v_max, Eq. 13; positive below threshold.</summary>
    public double VBar => (Threshold - MuBar) / SigmaBar;

    /// <summary>
    /// a times the exponent of the time between escapes: vbar^2 for additive noise (Eq. 12), F(v_max) - F(alpha) for multiplicative noise (B6, D9).
    /// </summary>
    public double Barrier => Noise == NoiseForm.Additive ? VBar * VBar : SquaredNoise.Barrier(MuBar, MuBar, Threshold) / TauBar;

    /// <summary>
    /// ln Q of Eq. 12, Q = taubar sqrt(pi)/(sqrt(a) K vbar) exp(vbar^2/a), or of (B6, D9), which multiplies it with B^2(theta)/B^2(mu) and has
    /// its own exponent; NaN when mubar is not below threshold.
    /// </summary>
    /// <param name="efficacy">a; positive.</param>
    /// <param name="inDegree">K; positive.</param>
    public double LogQ(double efficacy, double inDegree) =>
        Math.Log(TauBar * Math.Sqrt(Math.PI / efficacy) / (inDegree * VBar)) + Barrier / efficacy
        + (Noise == NoiseForm.Additive ? 0 : Math.Log(SquaredNoise.Squared(Threshold) / SquaredNoise.Squared(MuBar)));

    /// <summary>
    /// ln Q for any mubar: (B6, Eq. 12) below threshold, and the time without noise Q = taubar/(a K) ln((mu - V_r)/(mu - theta)) above it (B4, B20).
    /// At threshold itself neither form holds, and Q is infinite.
    /// </summary>
    /// <param name="efficacy">a; positive.</param>
    /// <param name="inDegree">K; positive.</param>
    /// <param name="reset">V_r (mV).</param>
    public double LogQ(double efficacy, double inDegree, double reset) =>
        MuBar > Threshold
            ? Math.Log(TauBar / (efficacy * inDegree) * double.LogP1((Threshold - reset) / (MuBar - Threshold)))
            : LogQ(efficacy, inDegree);

    /// <summary>
    /// Gain nu/nu_X in the limit of mu at threshold (Eq. 21): (E_E - theta)/(theta (1 + g gamma) - E_E - g gamma E_I). Not positive when no
    /// recurrent rate can hold mu at threshold. Does not depend on the input ratios.
    /// </summary>
    public double ThresholdGain =>
        (ExcitatoryReversal - Threshold) / (Threshold * (1 + G * Gamma) - ExcitatoryReversal - G * Gamma * InhibitoryReversal);

    /// <summary>
    /// The scaling a(K) that keeps the firing of this input through a reference point: Eq. 14, or (B22, D10, D27) when the noise depends on V.
    /// </summary>
    /// <param name="referenceInDegree">K_0; positive.</param>
    /// <param name="referenceEfficacy">a_0; positive.</param>
    /// <exception cref="ModelException">mubar is not below threshold, so firing is no escape and Eq. 14 does not apply.</exception>
    public CouplingScaling Scaling(double referenceInDegree, double referenceEfficacy)
    {
        if (!(VBar > 0))
        {
            throw new ModelException(
                "coupling.scaling",
                FormattableString.Invariant(
                    $"at strong coupling the membrane sits at {MuBar:G6} mV, ")
                + FormattableString.Invariant($"which is not below the threshold, {Threshold:G6} mV; Eq. 14 needs more inhibition"));
        }

        return new CouplingScaling.Escape(referenceInDegree, referenceEfficacy, Barrier);
    }
}
