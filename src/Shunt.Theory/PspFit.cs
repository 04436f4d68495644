using System.Globalization;
using MathNet.Numerics.Random;
using MathNet.Numerics.RootFinding;

namespace Shunt.Theory;

/// <summary>A measured postsynaptic potential.</summary>
/// <param name="Kind">Sign.</param>
/// <param name="InDegree">K, number of inputs, positive.</param>
/// <param name="Amplitude">Amplitude (mV), positive.</param>
/// <param name="StandardDeviation">Its error (mV), positive; NaN when it is not known.</param>
public readonly record struct PspPoint(PspKind Kind, double InDegree, double Amplitude, double StandardDeviation = double.NaN);

/// <summary>How measured amplitudes scatter around a law.</summary>
public enum PspScatter
{
    /// <summary>By a factor: least squares on ln(amplitude). This gives the paper's numbers.</summary>
    Multiplicative,

    /// <summary>By mV: least squares on the amplitude.</summary>
    Additive,
}

/// <summary>What a fit is told.</summary>
public sealed record PspFitSettings
{
    /// <summary>EPSP over a (mV): 60 for excitation that reverses 60 mV above rest.</summary>
    public double EpspPerEfficacy { get; init; } = 60;

    /// <summary>IPSP over g a (mV).</summary>
    public double IpspPerEfficacy { get; init; } = 20;

    /// <summary>How amplitudes scatter.</summary>
    public PspScatter Scatter { get; init; }

    /// <summary>Number of resamples for the intervals; 0 for no intervals.</summary>
    public int Resamples { get; init; } = 1000;

    /// <summary>Seed of the resamples.</summary>
    public int Seed { get; init; } = 1;
}

/// <summary>A number that a fit has found, with its 95 % interval.</summary>
/// <param name="Name">Its name with unit, as results spell it.</param>
/// <param name="Value">The estimate.</param>
/// <param name="Low">Lower end; NaN without resamples.</param>
/// <param name="High">Upper end.</param>
/// <param name="IsDerived">Whether it follows from the other parameters.</param>
public readonly record struct FittedParameter(string Name, double Value, double Low, double High, bool IsDerived);

/// <summary>One law, fitted.</summary>
public sealed record FittedPspLaw
{
    /// <summary>Name.</summary>
    public required string Name { get; init; }

    /// <summary>The law with its best parameters.</summary>
    public required PspLaw Law { get; init; }

    /// <summary>Parameters and what follows from them.</summary>
    public required IReadOnlyList<FittedParameter> Parameters { get; init; }

    /// <summary>The law fitted to each resample.</summary>
    public required IReadOnlyList<PspLaw> Resampled { get; init; }

    /// <summary>Number of free parameters, the scatter included.</summary>
    public required int FreeParameters { get; init; }

    /// <summary>Root of the mean square of ln(amplitude) - ln(law), every point counting alike.</summary>
    public required double RmsLog { get; init; }

    /// <summary>Root of the mean square of amplitude - law (mV), every point counting alike.</summary>
    public required double Rms { get; init; }

    /// <summary>Akaike's criterion, for the likelihood of ln(amplitude), or of the amplitude where scatter is additive.</summary>
    public required double Aic { get; init; }

    /// <summary>The same, corrected for few points.</summary>
    public required double AicCorrected { get; init; }

    /// <summary>Bayes' criterion.</summary>
    public required double Bic { get; init; }

    /// <summary>Corrected Akaike criterion above that of the best law.</summary>
    public double Delta { get; init; }

    /// <summary>Akaike weight among all laws, from <see cref="Delta"/>.</summary>
    public double Weight { get; init; }

    /// <summary>What to know before trusting the parameters.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>95 % interval of the law at one K (mV), point by point; NaN without resamples.</summary>
    /// <param name="kind">Sign.</param>
    /// <param name="inDegree">K, positive.</param>
    public (double Low, double High) Band(PspKind kind, double inDegree) =>
        PspFit.Interval([.. Resampled.Select(l => l.Amplitude(kind, inDegree))]);
}

/// <summary>
/// Fits laws of PSP amplitude against in-degree (Fig. 5) by least squares on the logarithm of the amplitude, scatter being a factor, or on the amplitude
/// itself (<see cref="PspScatter"/>); scatter has one size for both signs. Standard deviations of the points, when given, are weights, right up to a common factor. Intervals are percentiles over resamples of
/// the points, drawn with replacement among those of a sign.
/// </summary>
public sealed record PspFit
{
    /// <summary>Name of the conductance-based law with c and vbar free.</summary>
    public const string Conductance = "conductance";

    /// <summary>Name of the conductance-based law with c vbar = 1, K sqrt(a) = exp(vbar^2/a), as the paper's constants have it.</summary>
    public const string ConductanceOne = "conductance-1";

    /// <summary>Name of the current-based law.</summary>
    public const string Current = "current";

    /// <summary>Name of the free power law.</summary>
    public const string Power = "power";

    /// <summary>Fewest points of a sign.</summary>
    public const int FewestPoints = 3;

    private const double Tail = 0.025;

    // Local exponents at the mean ln K which the search of the conductance law covers: the law itself reaches from 0 to 2.
    private const double FlattestExponent = 0.02, SteepestExponent = 1.98;

    private const double MostExponent = 6;

    private const double LeastDistance = 1e-3, MostDistance = 30;

    private const int ScanPoints = 60;

    private PspFit(IReadOnlyList<PspPoint> points, PspFitSettings settings, IReadOnlyList<FittedPspLaw> laws) =>
        (Points, Settings, Laws) = (points, settings, laws);

    /// <summary>The points.</summary>
    public IReadOnlyList<PspPoint> Points { get; }

    /// <summary>What the fit was told.</summary>
    public PspFitSettings Settings { get; }

    /// <summary>The laws, always in the same order.</summary>
    public IReadOnlyList<FittedPspLaw> Laws { get; }

    /// <summary>The law of a name.</summary>
    /// <param name="name">Name.</param>
    public FittedPspLaw this[string name] => Laws.First(l => l.Name == name);

    /// <summary>Which of the conductance-based law (c free) and the current-based law the points favour, and how strongly.</summary>
    public string Verdict => Compare(Conductance, "conductance-based");

    /// <summary>The same for the conductance-based law with c vbar = 1.</summary>
    public string VerdictOnOne => Compare(ConductanceOne, "conductance-based (c vbar = 1)");

    private string Compare(string name, string words)
    {
        FittedPspLaw conductance = this[name], current = this[Current];
        double difference = current.AicCorrected - conductance.AicCorrected;
        (string better, string other) = difference > 0 ? (words, "current-based") : ("current-based", words);
        double size = Math.Abs(difference), ratio = Math.Exp(size / 2);
        string numbers = FormattableString.Invariant($"AICc lower by {size:F1}, evidence ratio ")
            + (ratio < 1e6 ? ratio.ToString(ratio < 100 ? "G2" : "F0", CultureInfo.InvariantCulture) : "above 1e6");
        return size switch
        {
            _ when double.IsNaN(size) => $"the {words} and the current-based law go through every point: the data cannot tell them apart",
            < 2 => FormattableString.Invariant($"the data do not tell the {words} from the current-based law (AICc differs by {size:F1}, below 2)"),
            < 6 => $"the data favour the {better} law over the {other} law weakly ({numbers})",
            < 10 => $"the data favour the {better} law over the {other} law ({numbers})",
            _ => $"the data favour the {better} law over the {other} law strongly ({numbers})",
        };
    }

    /// <summary>Fits every law.</summary>
    /// <param name="points">The points: three or more of each sign, of different K; a standard deviation for all or for none.</param>
    /// <param name="settings">Settings; null for the defaults.</param>
    /// <param name="progress">Told the fraction that is done, or null.</param>
    /// <exception cref="ArgumentException">The points do not suffice, or a number is not positive.</exception>
    public static PspFit Of(IReadOnlyList<PspPoint> points, PspFitSettings? settings = null, Action<double>? progress = null)
    {
        settings ??= new PspFitSettings();
        Check(points, settings);
        var data = new Data(points, settings.Scatter);
        Fitter[] fitters =
        [
            new ConductanceFitter(data, settings), new OneConductanceFitter(data, settings), new CurrentFitter(data), new PowerFitter(data),
        ];
        Fitted[] best = [.. fitters.Select(f => f.Fit(data.Weights))];
        var resampled = fitters.Select(_ => new List<Fitted>()).ToArray();
        var random = new Xoshiro256StarStar(settings.Seed, threadSafe: false);
        for (int r = 0; r < settings.Resamples; r++)
        {
            double[] weights = data.Resample(random);
            for (int i = 0; i < fitters.Length; i++) resampled[i].Add(fitters[i].Fit(weights));
            progress?.Invoke((r + 1.0) / settings.Resamples);
        }

        FittedPspLaw[] laws = [.. fitters.Select((f, i) => Describe(f, data, points, best[i], resampled[i]))];
        double least = laws.Min(l => l.AicCorrected);
        double[] deltas = [.. laws.Select(l => l.AicCorrected == least ? 0 : l.AicCorrected - least)];
        double sum = deltas.Sum(d => Math.Exp(-d / 2));
        return new PspFit(points, settings, [.. laws.Select((l, i) => l with { Delta = deltas[i], Weight = Math.Exp(-deltas[i] / 2) / sum })]);
    }

    /// <summary>The middle 95 % of some numbers, which may be infinite.</summary>
    internal static (double Low, double High) Interval(double[] values)
    {
        if (values.Length == 0) return (double.NaN, double.NaN);
        Array.Sort(values);
        int cut = (int)(Tail * (values.Length - 1));
        return (values[cut], values[^(cut + 1)]);
    }

    private static void Check(IReadOnlyList<PspPoint> points, PspFitSettings settings)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(settings.Resamples, nameof(settings));
        if (!(settings.EpspPerEfficacy > 0 && settings.IpspPerEfficacy > 0 && double.IsFinite(settings.EpspPerEfficacy + settings.IpspPerEfficacy)))
            throw new ArgumentException("EPSP and IPSP per efficacy must be positive numbers of mV", nameof(settings));
        for (int i = 0; i < points.Count; i++)
        {
            PspPoint p = points[i];
            if (!(p.InDegree > 0 && p.Amplitude > 0 && double.IsFinite(p.InDegree + p.Amplitude)))
                throw new ArgumentException(FormattableString.Invariant($"point {i}: K and amplitude must be positive, not {p.InDegree} and {p.Amplitude}"));
            if (!double.IsNaN(p.StandardDeviation) && !(p.StandardDeviation > 0 && double.IsFinite(p.StandardDeviation)))
                throw new ArgumentException(FormattableString.Invariant($"point {i}: the standard deviation must be positive, not {p.StandardDeviation}"));
        }

        if (points.Any(p => double.IsNaN(p.StandardDeviation)) && !points.All(p => double.IsNaN(p.StandardDeviation)))
            throw new ArgumentException("some points have a standard deviation and some have none");
        foreach (PspKind kind in Enum.GetValues<PspKind>())
        {
            int count = points.Count(p => p.Kind == kind);
            if (count < FewestPoints) throw new ArgumentException($"{count} {kind} points; {FewestPoints} are the fewest");
        }

        if (!Enum.GetValues<PspKind>().Any(kind => points.Where(p => p.Kind == kind).Select(p => p.InDegree).Distinct().Count() > 1))
            throw new ArgumentException("all K of a sign are equal: how the amplitude depends on K cannot be told");
    }

    private static FittedPspLaw Describe(Fitter fitter, Data data, IReadOnlyList<PspPoint> points, Fitted best, List<Fitted> resampled)
    {
        double n = data.Count, k = fitter.FreeParameters + 1;
        double logWeights = data.Weights.Sum(Math.Log);
        double logLikelihood = (-n / 2 * (Math.Log(2 * Math.PI * best.SquaredError / n) + 1)) + (logWeights / 2);
        double aic = (2 * k) - (2 * logLikelihood);
        var parameters = new List<FittedParameter>();
        for (int p = 0; p < fitter.Names.Length; p++)
        {
            (double low, double high) = Interval([.. resampled.Select(r => r.Parameters[p])]);
            parameters.Add(new FittedParameter(fitter.Names[p], best.Parameters[p], low, high, p >= fitter.FreeParameters));
        }

        var warnings = new List<string>();
        string Limit(Limits limit) => limit == Limits.Steep ? "steeper" : "flatter";
        if (best.Limit != Limits.None)
            warnings.Add($"{fitter.Name}: the points are {Limit(best.Limit)} than this law can be: only its limit is fitted, and the parameters are at 0 or infinity");
        foreach (var limit in resampled.GroupBy(r => r.Limit).Where(g => g.Key != Limits.None))
        {
            warnings.Add(FormattableString.Invariant(
                $"{fitter.Name}: {limit.Count()} of {resampled.Count} resamples are {Limit(limit.Key)} than this law can be; there parameters count as 0 or infinity"));
        }

        return new FittedPspLaw
        {
            Name = fitter.Name,
            Law = best.Law,
            Parameters = parameters,
            Resampled = [.. resampled.Select(r => r.Law)],
            FreeParameters = (int)k,
            RmsLog = Math.Sqrt(points.Average(p => Math.Pow(Math.Log(p.Amplitude / best.Law.Amplitude(p.Kind, p.InDegree)), 2))),
            Rms = Math.Sqrt(points.Average(p => Math.Pow(p.Amplitude - best.Law.Amplitude(p.Kind, p.InDegree), 2))),
            Aic = aic,
            AicCorrected = aic + (2 * k * (k + 1) / (n - k - 1)),
            Bic = (k * Math.Log(n)) - (2 * logLikelihood),
            Warnings = warnings,
        };
    }

    private enum Limits
    {
        None,
        Flat,
        Steep,
    }

    private sealed record Fitted(PspLaw Law, double SquaredError, double[] Parameters, Limits Limit = Limits.None);

    /// <summary>The points in logarithms; each refers to one of the different K, where a law is evaluated once.</summary>
    private sealed class Data
    {
        private readonly int[][] ofKind;
        private readonly bool isAdditive;
        private readonly double[] amplitude;

        internal Data(IReadOnlyList<PspPoint> points, PspScatter scatter)
        {
            isAdditive = scatter == PspScatter.Additive;
            amplitude = [.. points.Select(p => p.Amplitude)];
            double[] distinct = [.. points.Select(p => p.InDegree).Distinct().Order()];
            LogInDegree = [.. distinct.Select(k => Math.Log(k))];
            Index = [.. points.Select(p => Array.BinarySearch(distinct, p.InDegree))];
            LogAmplitude = [.. points.Select(p => Math.Log(p.Amplitude))];
            Kind = [.. points.Select(p => (int)p.Kind)];

            // An error of the amplitude is one of its logarithm, divided by the amplitude.
            Weights = [.. points.Select(p => double.IsNaN(p.StandardDeviation) ? 1 : Math.Pow((isAdditive ? 1 : p.Amplitude) / p.StandardDeviation, 2))];
            ofKind = [.. Enumerable.Range(0, 2).Select(k => Enumerable.Range(0, points.Count).Where((int i) => Kind[i] == k).ToArray())];
            Centre = Index.Average(j => LogInDegree[j]);
        }

        internal int Count => Index.Length;

        internal double[] LogInDegree { get; }

        internal int[] Index { get; }

        internal double[] LogAmplitude { get; }

        internal int[] Kind { get; }

        internal double[] Weights { get; }

        /// <summary>Mean of ln K.</summary>
        internal double Centre { get; }

        /// <summary>Weights of a resample: those of the points times how often each was drawn. One from which no slope follows is drawn again.</summary>
        internal double[] Resample(Random random)
        {
            while (true)
            {
                var weights = new double[Count];
                foreach (int[] members in ofKind)
                {
                    for (int i = 0; i < members.Length; i++)
                    {
                        int drawn = members[random.Next(members.Length)];
                        weights[drawn] += Weights[drawn];
                    }
                }

                if (ofKind.Any(members => members.Where(i => weights[i] > 0).Select(i => Index[i]).Distinct().Count() > 1)) return weights;
            }
        }

        /// <summary>Logarithms of the factors that fit a curve, given by its logarithm, best to the amplitudes of each kind.</summary>
        internal (double Excitatory, double Inhibitory) Offsets(double[] weights, double[] curve)
        {
            Span<double> sum = [0, 0], weight = [0, 0];
            double top = isAdditive ? curve.Max() : 0;
            for (int i = 0; i < Count; i++)
            {
                double l = curve[Index[i]], m = isAdditive ? Math.Exp(l - top) : 1;
                sum[Kind[i]] += weights[i] * (isAdditive ? amplitude[i] * m : LogAmplitude[i] - l);
                weight[Kind[i]] += weights[i] * m * m;
            }

            (double e, double inhibitory) = (sum[0] / weight[0], sum[1] / weight[1]);
            return isAdditive ? (Math.Log(e) - top, Math.Log(inhibitory) - top) : (e, inhibitory);
        }

        /// <summary>Weighted sum of squared deviations, and its derivative by the parameter of which <paramref name="slope"/> is that of the curve, over -2.</summary>
        internal (double Squares, double Slope) Deviations(double[] weights, double[] curve, (double Excitatory, double Inhibitory) offsets, double[] slope)
        {
            double squares = 0, product = 0;
            for (int i = 0; i < Count; i++)
            {
                double l = curve[Index[i]] + (Kind[i] == 0 ? offsets.Excitatory : offsets.Inhibitory), m = isAdditive ? Math.Exp(l) : 1;
                double r = isAdditive ? amplitude[i] - m : LogAmplitude[i] - l;
                squares += weights[i] * r * r;
                product += weights[i] * r * m * slope[Index[i]];
            }

            return (squares, product);
        }
    }

    private abstract class Fitter
    {
        internal abstract string Name { get; }

        /// <summary>Names of the parameters; the free ones first.</summary>
        internal abstract string[] Names { get; }

        /// <summary>Number of parameters without the scatter.</summary>
        internal abstract int FreeParameters { get; }

        internal abstract Fitted Fit(double[] weights);
    }

    /// <summary>The power -1/2.</summary>
    private sealed class CurrentFitter(Data data) : Fitter
    {
        private readonly double[] curve = [.. data.LogInDegree.Select(l => -0.5 * l)];

        internal override string Name => Current;

        internal override string[] Names => ["j0_mv", "g"];

        internal override int FreeParameters => 2;

        internal override Fitted Fit(double[] weights)
        {
            (double Excitatory, double Inhibitory) offsets = data.Offsets(weights, curve);
            double amplitude = Math.Exp(offsets.Excitatory), g = Math.Exp(offsets.Inhibitory - offsets.Excitatory);
            return new Fitted(new PowerPspLaw(amplitude, g), data.Deviations(weights, curve, offsets, curve).Squares, [amplitude, g]);
        }
    }

    /// <summary>A law with one parameter that is not linear: scanned, then the root of the derivative of the squared error.</summary>
    private abstract class ScannedFitter : Fitter
    {
        private (double[] Curve, double[] Slope)[]? scan;

        protected ScannedFitter(Data data, double from, double to)
        {
            Data = data;
            Grid = [.. Enumerable.Range(0, ScanPoints).Select(i => from + ((to - from) * i / (ScanPoints - 1)))];
        }

        protected Data Data { get; }

        protected double[] Grid { get; }

        /// <summary>ln a, up to what is linear, at every K; its derivative by something that falls or rises with the parameter.</summary>
        protected abstract (double[] Curve, double[] Slope) Shape(double parameter);

        protected abstract (double Excitatory, double Inhibitory) Offsets(double[] weights, double[] curve);

        protected (double Parameter, int End) Search(double[] weights)
        {
            scan ??= [.. Grid.Select(x => Shape(x))];
            int best = 0;
            double least = double.PositiveInfinity;
            for (int i = 0; i < scan.Length; i++)
            {
                double squares = Evaluate(weights, scan[i]).Squares;
                if (squares < least) (best, least) = (i, squares);
            }

            double low = Grid[Math.Max(0, best - 1)], high = Grid[Math.Min(Grid.Length - 1, best + 1)];
            double Derivative(double parameter) => Evaluate(weights, Shape(parameter)).Slope;
            if (Brent.TryFindRoot(Derivative, low, high, 1e-13, 200, out double root)) return (root, 0);
            return (Grid[best], best == 0 ? -1 : best == Grid.Length - 1 ? 1 : 0);
        }

        protected (double Squares, double Slope) Evaluate(double[] weights, (double[] Curve, double[] Slope) shape) =>
            Data.Deviations(weights, shape.Curve, Offsets(weights, shape.Curve), shape.Slope);
    }

    /// <summary>Any power of K.</summary>
    private sealed class PowerFitter(Data data) : ScannedFitter(data, -MostExponent, MostExponent)
    {
        internal override string Name => Power;

        internal override string[] Names => ["j0_mv", "g", "beta"];

        internal override int FreeParameters => 3;

        internal override Fitted Fit(double[] weights)
        {
            (double beta, int end) = Search(weights);
            double[] curve = Shape(beta).Curve;
            (double excitatory, double inhibitory) = Offsets(weights, curve);
            double amplitude = Math.Exp(excitatory + (beta * Data.Centre)), g = Math.Exp(inhibitory - excitatory);
            return new Fitted(
                new PowerPspLaw(amplitude, g, beta), Evaluate(weights, (curve, curve)).Squares,
                end == 0 ? [amplitude, g, beta] : [end > 0 ? double.PositiveInfinity : 0, g, end * double.PositiveInfinity],
                end > 0 ? Limits.Steep : end < 0 ? Limits.Flat : Limits.None);
        }

        protected override (double Excitatory, double Inhibitory) Offsets(double[] weights, double[] curve) => Data.Offsets(weights, curve);

        protected override (double[] Curve, double[] Slope) Shape(double parameter)
        {
            double[] centred = [.. Data.LogInDegree.Select(l => Data.Centre - l)];
            return ([.. centred.Select(x => parameter * x)], centred);
        }
    }

    /// <summary>The law with c and vbar free: both amplitudes are linear in the logarithm, and c is found through the local exponent at the mean ln K.</summary>
    private sealed class ConductanceFitter(Data data, PspFitSettings settings) : ScannedFitter(data, FlattestExponent, SteepestExponent)
    {
        internal override string Name => Conductance;

        internal override string[] Names => ["c", "vbar", "g", "vbar_squared", "c_vbar", "local_exponent"];

        internal override int FreeParameters => 3;

        internal override Fitted Fit(double[] weights)
        {
            (double exponent, int end) = Search(weights);
            double logC = LogConstant(exponent);
            double[] curve = Shape(exponent).Curve;
            (double excitatory, double inhibitory) = Offsets(weights, curve);
            double square = Math.Exp(excitatory) / settings.EpspPerEfficacy, vbar = Math.Sqrt(square), c = Math.Exp(logC);
            double g = Math.Exp(inhibitory - excitatory) * settings.EpspPerEfficacy / settings.IpspPerEfficacy;
            double squares = Evaluate(weights, (curve, curve)).Squares;
            var law = new ConductancePspLaw(c, vbar, g, settings.EpspPerEfficacy, settings.IpspPerEfficacy);
            return end switch
            {
                > 0 => new Fitted(law, squares, [double.PositiveInfinity, 0, g, 0, c * vbar, 2], Limits.Steep),
                < 0 => new Fitted(law, squares, [0, double.PositiveInfinity, g, double.PositiveInfinity, 0, 0], Limits.Flat),
                _ => new Fitted(law, squares, [c, vbar, g, square, c * vbar, exponent]),
            };
        }

        protected override (double Excitatory, double Inhibitory) Offsets(double[] weights, double[] curve) => Data.Offsets(weights, curve);

        protected override (double[] Curve, double[] Slope) Shape(double parameter)
        {
            double logC = LogConstant(parameter);
            double[] w = [.. Data.LogInDegree.Select(l => ConductancePspLaw.LogArgument(l - logC))];
            return ([.. w.Select(x => -2 * x)], [.. w.Select(x => 2 / (1 + (2 * Math.Exp(2 * x))))]);
        }

        /// <summary>ln c of the law that has this exponent, 2/(1 + 2 u^2), at the mean ln K.</summary>
        private double LogConstant(double exponent)
        {
            double square = (1 / exponent) - 0.5;
            return Data.Centre - (0.5 * Math.Log(square)) - square;
        }
    }

    /// <summary>The law with c vbar = 1: vbar alone sets shape and size of the EPSPs.</summary>
    private sealed class OneConductanceFitter(Data data, PspFitSettings settings) : ScannedFitter(data, Math.Log(LeastDistance), Math.Log(MostDistance))
    {
        private readonly double logScale = Math.Log(settings.EpspPerEfficacy);

        internal override string Name => ConductanceOne;

        internal override string[] Names => ["vbar", "g", "vbar_squared"];

        internal override int FreeParameters => 2;

        internal override Fitted Fit(double[] weights)
        {
            (double logVbar, int end) = Search(weights);
            double vbar = Math.Exp(logVbar);
            double[] curve = Shape(logVbar).Curve;
            double g = Math.Exp(Offsets(weights, curve).Inhibitory - logScale) * settings.EpspPerEfficacy / settings.IpspPerEfficacy;
            double squares = Evaluate(weights, (curve, curve)).Squares;
            var law = new ConductancePspLaw(1 / vbar, vbar, g, settings.EpspPerEfficacy, settings.IpspPerEfficacy);
            double told = end > 0 ? double.PositiveInfinity : end < 0 ? 0 : vbar;
            return new Fitted(law, squares, [told, g, told * told], end > 0 ? Limits.Flat : end < 0 ? Limits.Steep : Limits.None);
        }

        protected override (double Excitatory, double Inhibitory) Offsets(double[] weights, double[] curve) =>
            (logScale, Data.Offsets(weights, curve).Inhibitory);

        protected override (double[] Curve, double[] Slope) Shape(double parameter)
        {
            double[] w = [.. Data.LogInDegree.Select(l => ConductancePspLaw.LogArgument(l + parameter))];
            return ([.. w.Select(x => 2 * (parameter - x))], [.. w.Select(x => 2 - (2 / (1 + (2 * Math.Exp(2 * x)))))]);
        }
    }
}
