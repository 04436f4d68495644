using System.Globalization;
using System.Text.RegularExpressions;
using Shunt.Model;
using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Theory;

public partial class DiffusionPassageTests
{
    private static readonly double LogSqrtPi = 0.5 * Math.Log(Math.PI);

    private static readonly Neuron CurrentLike = new()
    {
        MembraneTimeConstant = 0.020,
        LeakReversal = 0,
        Threshold = 20,
        Reset = 10,
        RefractoryPeriod = 0.002,
    };

    [Fact]
    public void Trap_mu_25_sigma_1_fires_at_42_spikes_per_second()
    {
        var input = new InputMoments(0.020, 25, 1, 1 / Math.Sqrt(2));
        Near.Absolute(42.0, Siegert.Respond(CurrentLike, input).Rate, 0.05, "rate");
    }

    [Fact]
    public void Trap_mu_0_sigma_0_point_3_is_silent()
    {
        var input = new InputMoments(0.020, 0, 0.3, 0.3 / Math.Sqrt(2));
        Response response = Siegert.Respond(CurrentLike, input);
        Assert.Equal(0, response.Rate);
        // ln nu = -v^2 + ln(v/(tau sqrt pi)) + ..., v = 66.7
        double v = 20 / 0.3;
        Near.Relative(-v * v + Math.Log(v / (0.020 * Math.Sqrt(Math.PI))), response.LogRate, 1e-6, "ln nu");
        Near.Absolute(1, response.Cv, 1e-12, "CV");
    }

    [Fact]
    public void Rates_and_cvs_equal_the_reference_table()
    {
        foreach (ReferenceTable.Row row in ReferenceTable.Rows("siegert_cv"))
        {
            var input = new InputMoments(row["tau_ms"] * 1e-3, row["mu_mV"], row["sigma_mV"], row["sigma_mV"] / Math.Sqrt(2));
            double vMin = input.Scaled(Neuron.Paper.Reset), vMax = input.Scaled(Neuron.Paper.Threshold);
            double log = DiffusionPassage.LogMean(vMin, vMax) - LogSqrtPi; // the table leaves the factor sqrt(pi) out
            Near.Absolute(row["log_integral"], log, 1e-12 * (1 + Math.Abs(row["log_integral"])), row.Where + ", ln integral");

            Response refractory = Siegert.Respond(Neuron.Paper, input);
            Response without = Siegert.Respond(Neuron.Paper with { RefractoryPeriod = 0 }, input);
            Near.Absolute(row["log10_nu_spk_s"], refractory.LogRate / Math.Log(10), 1e-10, row.Where + ", log10 nu");
            CompareRate(row["nu_spk_s_taurp2ms"], refractory.Rate, row.Where);
            CompareRate(row["nu_spk_s_taurp0"], without.Rate, row.Where);
            Near.Relative(row["cv_taurp2ms"], refractory.Cv, 1e-9, row.Where + ", CV");
            Near.Relative(row["cv_taurp0"], without.Cv, 1e-9, row.Where + ", CV without refractory period");
        }

        // a denormal or underflown number has no nine digits; its logarithm, compared above, has
        static void CompareRate(double expected, double actual, string where)
        {
            if (expected > 1e-300) Near.Relative(expected, actual, 1e-9, where + ", nu");
            else Assert.True(actual < 1.1e-300, where);
        }
    }

    [Fact]
    public void Integral_and_cv_equal_30_digit_arithmetic()
    {
        int compared = 0;
        foreach (ReferenceTable.Row row in ReferenceTable.Rows("mp_crosscheck"))
        {
            if (VmaxSigma().Match(row.Text("point")) is not { Success: true } match) continue;
            double vMax = Number(match, 1), sigma = Number(match, 2), vMin = vMax - 10 / sigma;
            if (row.Text("quantity") == "siegert log integral")
                Near.Absolute(row["mpmath"], DiffusionPassage.LogMean(vMin, vMax) - LogSqrtPi, 1e-13 * (1 + Math.Abs(row["mpmath"])), row.Where);
            else
                Near.Relative(row["mpmath"], DiffusionPassage.Cv(vMin, vMax), 1e-12, row.Where);
            compared++;
        }

        Assert.Equal(14, compared);
    }

    [Theory]
    [InlineData(-3.0, -1.0)]
    [InlineData(-3.0, 0.4)]
    [InlineData(-0.5, 2.0)]
    [InlineData(0.3, 2.5)]
    [InlineData(-4.5, 3.0)]
    [InlineData(1.1, 1.3)]
    public void Mean_and_cv_equal_the_printed_double_integral_summed_by_brute_force(double vMin, double vMax)
    {
        // Eqs. 10 and 15 as printed, on a grid that holds both limits, where neither overflow nor cancellation bites
        const double start = -6, h = 1e-4;
        double inner = 0, mean = 0, square = 0;
        int n = (int)Math.Round((vMax - start) / h);
        double step = (vMax - start) / n;
        double Erf1(double x) => MathNet.Numerics.SpecialFunctions.Erfc(-x);
        // e^{y^2}(1 + erf y)^2 below start: (1/pi) int e^{-y^2}/y^2, under 1e-17
        for (int i = 0; i < n; i++)
        {
            double x = start + (i + 0.5) * step, half = 0.5 * step;
            double InnerTerm(double y) => Math.Exp(y * y) * Erf1(y) * Erf1(y);
            double here = inner + half * InnerTerm(x - half / 2);
            inner += step * InnerTerm(x);
            double weight = Math.Clamp((x + half - vMin) / step, 0, 1);
            mean += weight * step * Math.Exp(x * x) * Erf1(x);
            square += weight * step * Math.Exp(x * x) * here;
        }

        mean *= Math.Sqrt(Math.PI);
        Near.Relative(mean, Math.Exp(DiffusionPassage.LogMean(vMin, vMax)), 1e-7, "mean");
        Near.Relative(Math.Sqrt(2 * Math.PI * square) / mean, DiffusionPassage.Cv(vMin, vMax), 1e-7, "CV");
    }

    [Fact]
    public void Nothing_overflows_or_jumps_from_minus_1e8_to_plus_1e8()
    {
        double previous = double.NegativeInfinity;
        foreach (double vMax in new[] { -1e8, -1e4, -41, -40, -10, -1, -1e-9, 0, 1e-9, 0.5, 1, 5, 26, 40, 41, 1e3, 1e8 })
        {
            double log = DiffusionPassage.LogMean(vMax - 7, vMax), cv = DiffusionPassage.Cv(vMax - 7, vMax);
            Assert.True(double.IsFinite(log) && log > previous, $"v_max = {vMax}: {log} after {previous}");
            Assert.True(cv is > 0 and < 1.1, $"v_max = {vMax}: CV = {cv}");
            previous = log;
        }

        for (double edge = -3; edge <= 3; edge += 0.5) // no seam where the formula changes its form
        {
            Near.Absolute(DiffusionPassage.LogMean(-5, edge - 1e-13), DiffusionPassage.LogMean(-5, edge), 1e-11, $"v_max = {edge}");
            Near.Absolute(DiffusionPassage.LogMean(edge - 1e-13, 3.5), DiffusionPassage.LogMean(edge, 3.5), 1e-11, $"v_min = {edge}");
        }
    }

    [Theory]
    [InlineData(25.0)]
    [InlineData(20.5)]
    [InlineData(400.0)]
    public void A_vanishing_sigma_gives_the_deterministic_rate_and_cv_proportional_to_sigma(double mu)
    {
        Response still = Siegert.Respond(CurrentLike, new InputMoments(0.020, mu, 0, 0));
        Response tiny = Siegert.Respond(CurrentLike, new InputMoments(0.020, mu, 1e-5, 1e-5 / Math.Sqrt(2)));
        Near.Relative(1 / (0.002 + 0.020 * Math.Log((mu - 10) / (mu - 20))), still.Rate, 1e-13, "deterministic rate");
        Near.Relative(still.Rate, tiny.Rate, 1e-9, "rate");
        Near.Relative(still.MeanV, tiny.MeanV, 1e-9, "mean V");
        Near.Relative(still.SdV, tiny.SdV, 1e-8, "SD of V");
        Assert.Equal(0, still.Cv);
        Response twice = Siegert.Respond(CurrentLike, new InputMoments(0.020, mu, 2e-5, 2e-5 / Math.Sqrt(2)));
        Near.Relative(2, twice.Cv / tiny.Cv, 1e-6, "CV ratio");
        // small-noise variance of the passage time: sigma^2 tau int dx (mu - V)^-3 over the path
        double variance = 1e-10 * 0.020 * 0.020 * (1 / ((mu - 20) * (mu - 20)) - 1 / ((mu - 10) * (mu - 10))) / 2;
        Near.Relative(Math.Sqrt(variance) * still.Rate, tiny.Cv, 1e-6, "CV");
    }

    [Fact]
    public void Strong_drive_saturates_at_the_refractory_rate()
    {
        Response response = Siegert.Respond(CurrentLike, new InputMoments(1e-9, 25, 1, 1 / Math.Sqrt(2)));
        Near.Relative(500, response.Rate, 1e-5, "rate");
        Assert.True(response.Rate < 500);
    }

    [Fact]
    public void Mu_below_the_reset_is_an_ordinary_case()
    {
        // v_min > 0: Kramers' law (Eq. 12) with its first correction, 1 + 1/(2 v^2)
        var input = new InputMoments(0.020, -20, 8, 8 / Math.Sqrt(2));
        double v = input.Scaled(20);
        double logKramers = Kramers.LogPassageTime(CurrentLike, input);
        Near.Absolute(logKramers + 1 / (2 * v * v), Siegert.LogPassageTime(CurrentLike, input), 2 / (v * v * v * v), "ln T");
    }

    private static double Number(Match match, int group) => double.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^vmax=(\S+) sigma=(\S+)$")]
    private static partial Regex VmaxSigma();
}
