using System.Numerics;
using Shunt.Model;

namespace Shunt.Theory;

/// <summary>How the noise of the diffusion approximation depends on V.</summary>
public enum MembraneNoise
{
    /// <summary>Taken at mu, the same for all V (effective-time-constant approximation, Eq. 6): the process of <see cref="Siegert"/>.</summary>
    AtMean,

    /// <summary>B(V)^2 = sum_j R_j (b_j (E_j - V))^2, read in Ito's sense: drift and variance of the true process at every V.</summary>
    Ito,
}

/// <summary>Linear response of one neuron at one complex rate lambda.</summary>
/// <param name="Susceptibilities">
/// chi_j for each afferent, dimensionless: when its total rate is R_j + Re(r e^{lambda t}), the neuron fires at nu + Re(chi_j r e^{lambda t}).
/// Synapses are taken as instantaneous.
/// </param>
/// <param name="IntervalTransform">rho = E[e^{-lambda T}], T the interspike interval, refractory period included.</param>
/// <param name="OneMinusRho">1 - rho, accurate where rho is near 1.</param>
public readonly record struct ResponseAt(IReadOnlyList<Complex> Susceptibilities, Complex IntervalTransform, Complex OneMinusRho);

/// <summary>
/// How the firing rate of one neuron follows small modulations of its inputs, for the diffusion dV/dt = A(V) + B(V) zeta. Modulating the rate R_j
/// of an afferent changes drift and noise together: A by b_j (E_j - V) (or J), B^2 by (b_j (E_j - V))^2, or with <see cref="MembraneNoise.AtMean"/>
/// by its value at mu, and by what the moving mu does to the noise of all afferents; the mean of the free membrane follows mu with
/// 1/(1 + lambda tau). With P the stationary density and u(V) the Laplace transform of the passage time from V to threshold (A u' + B^2 u''/2 =
/// lambda u, u(theta) = 1), the response is chi_j = int P (dA_j u' + dB^2_j u''/2) dV / (1 - rho), which at lambda = 0 is the derivative of the
/// stationary rate. Times in s, potentials in mV.
/// </summary>
public sealed class LinearResponse
{
    private readonly ThresholdIntegration passage;
    private readonly MembraneNoise noise;
    private readonly double active;
    private readonly (double Amplitude, double Slope)[] perRate; // of each afferent: dA at mu over sigma, and its slope in x
    private readonly double shift; // d(sigma^2)/d(mu) / sigma

    /// <summary>Prepares the response of a neuron in its stationary state.</summary>
    /// <param name="neuron">The neuron.</param>
    /// <param name="afferents">Everything it receives.</param>
    /// <param name="noise">How the noise depends on V.</param>
    /// <exception cref="ModelException">There is no threshold, or no noise (nowhere, or not at every V that the membrane visits).</exception>
    public LinearResponse(Neuron neuron, ReadOnlySpan<Afferent> afferents, MembraneNoise noise = MembraneNoise.AtMean)
    {
        this.noise = noise;
        Input = InputMoments.Of(neuron, afferents);
        if (!(Input.Sigma > 0) || !double.IsFinite(neuron.Threshold))
        {
            throw new ModelException(
                "noise",
                FormattableString.Invariant($"linear response needs a threshold and noise; V_th = {neuron.Threshold:G4} mV, sigma = {Input.Sigma:G4} mV"));
        }

        double tau = Input.Tau, sigma = Input.Sigma;
        double d1 = 0, d2 = 0;
        perRate = new (double, double)[afferents.Length];
        for (int j = 0; j < afferents.Length; j++)
        {
            (double rate, Synapse synapse) = afferents[j];
            double amplitude = InputMoments.Amplitude(synapse, Input.Mu) / sigma, slope = InputMoments.Amplitude(synapse, Input.Mu + sigma) / sigma - amplitude;
            if (synapse.Model == SynapseModel.Current) slope = 0;
            perRate[j] = (amplitude, slope);
            d1 += 2 * tau * rate * amplitude * slope;
            d2 += tau * rate * slope * slope;
        }

        shift = d1;
        if (noise == MembraneNoise.AtMean) (d1, d2) = (0, 0);
        passage = new ThresholdIntegration(Input.Scaled(neuron.Reset), Input.Scaled(neuron.Threshold), neuron.RefractoryPeriod / tau, d1, d2);
        double logTime = Math.Log(tau) + passage.LogMeanPassage;
        LogRate = TransferFunction.LogRate(logTime, neuron.RefractoryPeriod);
        active = 1 / (1 + neuron.RefractoryPeriod * Math.Exp(-logTime));
    }

    /// <summary>Moments of the stationary input.</summary>
    public InputMoments Input { get; }

    /// <summary>ln of the stationary rate (Hz).</summary>
    public double LogRate { get; }

    /// <summary>Stationary rate nu (Hz).</summary>
    public double Rate => Math.Exp(LogRate);

    /// <summary>Response at a complex rate.</summary>
    /// <param name="lambda">lambda (1/s): 2 pi i f for a modulation of frequency f, with a real part for one that grows or decays.</param>
    public ResponseAt At(Complex lambda) => At(lambda, 1);

    /// <summary>Response with every cell of the integration divided once more.</summary>
    internal ResponseAt At(Complex lambda, int refinement)
    {
        double tau = Input.Tau;
        ThresholdIntegration.Passage p = passage.At(lambda * tau, refinement);
        Complex moved = shift / (1 + lambda * tau); // of the noise, per unit of mu/sigma
        var chi = new Complex[perRate.Length];
        for (int j = 0; j < chi.Length; j++)
        {
            (double a, double s) = perRate[j];
            Complex byDrift = a * p.Drift0 + s * p.Drift1;
            Complex byNoise = noise == MembraneNoise.AtMean
                ? (a * a + moved * a) * p.Noise0
                : a * a * p.Noise0 + 2 * a * s * p.Noise1 + s * s * p.Noise2;
            chi[j] = active * (byDrift + byNoise / 2);
        }

        return new ResponseAt(chi, p.Rho, p.OneMinusRho);
    }

    /// <summary>
    /// Power spectrum of the neuron's spike train (spk/s), two-sided, without the line at zero: nu (1 - |rho|^2)/|1 - rho|^2, the intervals being
    /// independent. It tends to nu at high frequencies and to nu CV^2 at low ones.
    /// </summary>
    /// <param name="frequency">Frequency (Hz); zero or more.</param>
    public double PowerSpectrum(double frequency)
    {
        // At 0 both sides of the fraction vanish; the spectrum is even, so two points beside it say what it is there.
        double least = 2e-3 * Rate;
        if (frequency >= least) return Spectrum(At(new Complex(0, 2 * Math.PI * frequency)));
        double one = Spectrum(At(new Complex(0, 2 * Math.PI * least))), two = Spectrum(At(new Complex(0, 4 * Math.PI * least)));
        double share = frequency * frequency / (least * least);
        return (one * (4 - share) + two * (share - 1)) / 3;
    }

    /// <summary>Power spectrum (spk/s) from a response that is known already.</summary>
    internal double Spectrum(ResponseAt at)
    {
        double size = at.OneMinusRho.Magnitude;
        return Rate * (2 * at.OneMinusRho.Real - size * size) / (size * size);
    }
}
