using System.Numerics;
using MathNet.Numerics.LinearAlgebra;
using Shunt.Model;

namespace Shunt.Theory;

/// <summary>A deviation from the asynchronous state that grows or decays like e^{lambda t}.</summary>
/// <param name="Rate">lambda (1/s), imaginary part zero or more (its conjugate is a mode, too).</param>
/// <param name="Amplitudes">How strongly each population takes part, relative to the strongest (complex: with its phase).</param>
/// <param name="IsCollective">
/// False for the relaxation of single neurons that no coupling touches, which remains when populations are alike or not connected: differences between
/// populations that hear the same decay with it.
/// </param>
public sealed record NetworkMode(Complex Rate, IReadOnlyList<Complex> Amplitudes, bool IsCollective)
{
    /// <summary>Growth rate Re lambda (1/s); negative when it decays.</summary>
    public double GrowthRate => Rate.Real;

    /// <summary>Frequency Im lambda / 2 pi (Hz).</summary>
    public double Frequency => Rate.Imaginary / (2 * Math.PI);
}

/// <summary>Whether an asynchronous state is stable with its delays and synapses, and which deviations last longest.</summary>
public sealed record Stability
{
    private const double FastestDecay = 1000;

    /// <summary>
    /// Number of growing modes (a conjugate pair counts twice), by the argument principle: the turns of det(I - G(i omega)). It does not depend on
    /// having found them. -1 when it could not be decided; <see cref="Message"/> says why.
    /// </summary>
    public required int GrowingModes { get; init; }

    /// <summary>Whether every small deviation dies out.</summary>
    public bool IsStable => GrowingModes == 0;

    /// <summary>
    /// Modes found, by decreasing growth rate. All growing ones unless <see cref="Message"/> says otherwise; decaying ones as far as a search from many
    /// starts has met them.
    /// </summary>
    public required IReadOnlyList<NetworkMode> Modes { get; init; }

    /// <summary>One sentence on the result.</summary>
    public required string Message { get; init; }

    /// <summary>Finds the leading modes of a state and counts those that grow.</summary>
    /// <param name="state">The state.</param>
    /// <param name="fastestDecay">Modes that decay faster than this (1/s) are not looked for.</param>
    /// <param name="highestFrequency">
    /// Decaying modes above this frequency (Hz) are not looked for. With instantaneous synapses a delay D has a ladder of them without end, echoes at multiples
    /// of 1/D.
    /// </param>
    public static Stability Of(AsynchronousState state, double fastestDecay = FastestDecay, double highestFrequency = 1000)
    {
        var curve = NyquistCurve.Of(state);
        var search = new ModeSearch(state, curve, fastestDecay, highestFrequency);
        NetworkMode[] modes = search.All();
        int found = modes.Where(m => m.GrowthRate > 0).Sum(m => m.Rate.Imaginary > 0 ? 2 : 1);
        string message;
        if (curve.Growing < 0)
        {
            message = FormattableString.Invariant($"stability could not be decided: feedback has not faded at {curve.Frequencies[^1].Omega / (2 * Math.PI):F0} Hz");
        }
        else
        {
            string leading = modes.Length == 0
                ? FormattableString.Invariant($"no mode below {highestFrequency:F0} Hz decays more slowly than {fastestDecay:G3}/s")
                : FormattableString.Invariant($"leading mode {modes[0].GrowthRate:G4}/s at {modes[0].Frequency:F1} Hz");
            message = (curve.Growing == 0 ? "the asynchronous state is stable" : "the asynchronous state is unstable") + "; " + leading;
            if (found != curve.Growing) message += FormattableString.Invariant($"; {curve.Growing} modes grow, {found} of them were found");
        }

        return new Stability { GrowingModes = curve.Growing, Modes = modes, Message = message };
    }

    /// <summary>
    /// The value of a parameter at which the asynchronous state loses stability, between one where it is stable and one where it is not, and the mode
    /// that begins to grow there.
    /// </summary>
    /// <param name="network">The network at a value of the parameter; its stable self-consistent state of highest rates is meant.</param>
    /// <param name="transfer">The theory that gives the rates; it should be that of <paramref name="noise"/>.</param>
    /// <param name="one">One end.</param>
    /// <param name="other">The other end.</param>
    /// <param name="noise">How the noise of each neuron depends on V.</param>
    /// <exception cref="ArgumentException">Both ends are stable, or both unstable; or a state is missing.</exception>
    public static (double Value, NetworkMode Mode) Onset(
        Func<double, NetworkModel> network, TransferFunction transfer, double one, double other, MembraneNoise noise = MembraneNoise.AtMean)
    {
        NetworkMode? leading = null;
        double Growth(double value)
        {
            NetworkModel model = network(value);
            MeanFieldSolution solution = SelfConsistency.Solve(model, transfer);
            double[] rates = [.. solution.Observables.Populations.Select(p => p.Rate.Value)];
            if (rates.Any(r => !double.IsFinite(r))) throw Undecided(value, solution.Message);
            Stability stability = Of(new AsynchronousState(model, rates, noise), FastestDecay);
            leading = stability.Modes.FirstOrDefault(m => m.IsCollective);
            double growth = leading?.GrowthRate ?? -FastestDecay;
            bool isMarginal = Math.Abs(growth) < 1e-6; // at the onset itself rounding decides what grows
            return stability.GrowingModes >= 0 && (isMarginal || growth > 0 != stability.IsStable) ? growth : throw Undecided(value, stability.Message);
        }

        double atOne = Growth(one), atOther = Growth(other);
        if (RootScan.SameSign(atOne, atOther))
        {
            throw new ArgumentException(
                FormattableString.Invariant($"the leading growth rate is {atOne:G4}/s at {one:R} and {atOther:G4}/s at {other:R}: no onset between them"));
        }

        double critical = RootScan.Bracketed(Growth, one, atOne, other, atOther, 1e-9);
        Growth(critical);
        return (critical, leading ?? throw Undecided(critical, "no mode was found there"));
    }

    private static ArgumentException Undecided(double value, string message) => new(FormattableString.Invariant($"at {value:R}: {message}"));
}

/// <summary>det(I - G) along the imaginary axis.</summary>
internal sealed class NyquistCurve
{
    private const double HighestFrequency = 20_000;

    private NyquistCurve(List<(double, Complex)> points, int growing)
    {
        Frequencies = points;
        Growing = growing;
    }

    internal IReadOnlyList<(double Omega, Complex Value)> Frequencies { get; }

    /// <summary>Zeros of the determinant in the right half-plane; -1 when undecided.</summary>
    internal int Growing { get; }

    /// <summary>
    /// Follows det(I - G(i omega)) from 0 to where the spectral radius of G stays below 1, beyond which nothing can turn: det(I - t G) has no zero for t in
    /// [0, 1], which also gives the angle that is left. (At high frequencies only the modulation of the noise is left of the response, and the radius tends
    /// to the share of the noise that comes from the network: below 1 if any comes from outside.) G has no poles to the right.
    /// </summary>
    internal static NyquistCurve Of(AsynchronousState state)
    {
        double fastest = state.Rates.Max();
        double fine = 2 * Math.PI * Math.Clamp(fastest / 8, 0.5, 25);
        double coarse = Math.Min(0.5 / Math.Max(state.LongestDelay, 1e-4), 2 * Math.PI * 100);
        var points = new List<(double Omega, Complex Value)> { (0, state.Determinant(0)) };
        double turned = 0;
        bool faded = false;
        while (!faded && points[^1].Omega < 2 * Math.PI * HighestFrequency)
        {
            (double omega, Complex value) = points[^1];
            double step = IsRhythmic(state, omega) ? Math.Min(fine, coarse) : Math.Min(Math.Max(fine, 0.02 * omega), coarse);
            double next = omega + step;
            turned += Follow(state, points, omega, value, next, 0);
            if (points[^1].Omega > 4 * Math.PI * fastest && !IsRhythmic(state, points[^1].Omega))
                faded = Enumerable.Range(0, 16).All(k => SpectralRadius(state, points[^1].Omega * Math.Pow(1.093, k)) < 0.99);
        }

        if (!faded) return new NyquistCurve(points, -1);
        double left = state.OneMinusCoupling(new Complex(0, points[^1].Omega)).Evd().EigenValues.Sum(z => z.Phase);
        double turns = (left - turned) / Math.PI;
        int growing = (int)Math.Round(turns);
        return new NyquistCurve(points, Math.Abs(turns - growing) < 1e-3 && growing >= 0 ? growing : -1);
    }

    // turn of the determinant from a to b, halving until steps are small beside its size
    private static double Follow(AsynchronousState state, List<(double Omega, Complex Value)> points, double a, Complex fa, double b, int depth)
    {
        Complex fb = state.Determinant(new Complex(0, b));
        if (Complex.Abs(fb - fa) > 0.5 * Math.Min(Complex.Abs(fa), Complex.Abs(fb)) && depth < 30)
        {
            double middle = 0.5 * (a + b);
            double turned = Follow(state, points, a, fa, middle, depth + 1);
            return turned + Follow(state, points, middle, points[^1].Value, b, depth + 1);
        }

        points.Add((b, fb));
        return (fb / fa).Phase;
    }

    private static bool IsRhythmic(AsynchronousState state, double omega)
    {
        int c = 0;
        foreach (int[] _ in state.Classes)
        {
            if (state.At(c++, new Complex(0, omega)) is { } response && response.IntervalTransform.Magnitude > 0.05) return true;
        }

        return false;
    }

    private static double SpectralRadius(AsynchronousState state, double omega)
    {
        Complex[,] g = state.Coupling(new Complex(0, omega));
        return Matrix<Complex>.Build.DenseOfArray(g).Evd().EigenValues.Max(z => z.Magnitude);
    }
}

/// <summary>Zeros of det(I - G(lambda)).</summary>
internal sealed class ModeSearch(AsynchronousState state, NyquistCurve curve, double fastestDecay, double highestFrequency)
{
    private readonly List<Complex> found = [];

    internal NetworkMode[] All()
    {
        (double Omega, Complex Value)[] axis = [.. curve.Frequencies];
        double last = Math.Min(axis[^1].Omega, 2 * Math.PI * highestFrequency);
        for (int i = 0; i < axis.Length; i++)
        {
            double here = axis[i].Value.Magnitude;
            bool least = (i == 0 || here <= axis[i - 1].Value.Magnitude) && (i == axis.Length - 1 || here <= axis[i + 1].Value.Magnitude);
            if (!least || (axis[i].Omega > last && Growing() >= curve.Growing)) continue;
            foreach (double real in (double[])[0, -0.1 * fastestDecay, 0.1 * fastestDecay]) Try(state.Determinant, new Complex(real, axis[i].Omega));
        }

        for (int i = 0; i < 24; i++)
        {
            double omega = last * i * i / (24 * 24);
            foreach (double real in (double[])[-0.03 * fastestDecay, -0.3 * fastestDecay]) Try(state.Determinant, new Complex(real, omega));
        }

        for (int i = 0; i < 24 && Growing() < curve.Growing; i++)
        {
            foreach (double real in (double[])[0.03 * fastestDecay, 0.3 * fastestDecay, fastestDecay]) Try(state.Determinant, new Complex(real, last * i / 24));
        }

        List<NetworkMode> modes = [.. found.Select(Collective)];
        AddSingleNeurons(modes);
        return [.. modes.OrderByDescending(m => m.GrowthRate)];
    }

    private int Growing() => found.Where(z => z.Real > 0).Sum(z => z.Imaginary > 0 ? 2 : 1);

    // secant method on the function divided by the zeros that are known
    private void Try(Func<Complex, Complex> f, Complex start)
    {
        Complex Deflated(Complex z) => found.Aggregate(f(z), (value, zero) =>
            zero.Imaginary == 0 ? value / (z - zero) : value / ((z - zero) * (z - Complex.Conjugate(zero))));
        Complex a = start, b = start + (start.Imaginary == 0 ? new Complex(1, 0) : new Complex(1, 1));
        Complex fa = Deflated(a), fb = Deflated(b);
        for (int i = 0; i < 40; i++)
        {
            Complex step = -fb * (b - a) / (fb - fa);
            double most = 0.5 * Complex.Abs(b) + 50;
            if (Complex.Abs(step) > most) step *= most / Complex.Abs(step);
            if (!Complex.IsFinite(step)) return;
            (a, fa) = (b, fb);
            b += step;
            if (b.Real < -fastestDecay * 1.5 || b.Real > 1e5 || Math.Abs(b.Imaginary) > 2 * curve.Frequencies[^1].Omega + 1000) return;
            fb = Deflated(b);
            if (!Complex.IsFinite(fb)) return;
            if (!(Complex.Abs(step) <= 1e-10 * (1 + Complex.Abs(b)))) continue;
            if (Math.Abs(b.Imaginary) < 1e-6 * (1 + Complex.Abs(b))) b = b.Real;
            if (Complex.Abs(f(b)) > 1e-5) return; // stopped, but not at a zero
            if (b.Imaginary < 0) b = Complex.Conjugate(b);
            if (b.Real >= (b.Imaginary > 2 * Math.PI * highestFrequency ? 0 : -fastestDecay) && !found.Exists(z => Complex.Abs(z - b) < 1e-6 * (1 + Complex.Abs(b)))) found.Add(b);
            return;
        }
    }

    // the vector that I - G takes to zero
    private NetworkMode Collective(Complex rate)
    {
        var vector = state.OneMinusCoupling(rate).Svd().VT.ConjugateTranspose().Column(state.Rates.Count - 1);
        Complex largest = vector.MaxBy(Complex.Abs);
        return new NetworkMode(rate, [.. vector.Select(z => z / largest)], true);
    }

    // Members of a class whose rows in G do not span as many dimensions as there are members leave combinations that nothing couples: their deviation
    // decays like that of a single neuron, 1 = rho(lambda).
    private void AddSingleNeurons(List<NetworkMode> modes)
    {
        int c = -1;
        foreach (int[] members in state.Classes)
        {
            c++;
            int number = c;
            if (state.ResponseOf(members[0]) is not { } response) continue;
            double omega = 2 * Math.PI * response.Rate;
            double cv2 = response.PowerSpectrum(0) / response.Rate;
            var start = new Complex(-cv2 * Math.PI * omega, omega);
            Complex[,] g = state.Coupling(start);
            Matrix<Complex> rows = Matrix<Complex>.Build.Dense(members.Length, state.Rates.Count, (i, q) => g[members[i], q]);
            if (rows.Rank() >= members.Length) continue;
            Complex[] collective = [.. found];
            found.Clear();
            Try(z => state.At(number, z)!.Value.OneMinusRho / z * response.Rate, start);
            modes.AddRange(found.Select(z => new NetworkMode(
                z, [.. Enumerable.Range(0, state.Rates.Count).Select(p => members.Contains(p) ? Complex.One : Complex.Zero)], false)));
            found.Clear();
            found.AddRange(collective);
        }
    }
}
