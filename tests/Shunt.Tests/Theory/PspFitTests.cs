using Shunt.Experiments;
using Shunt.Tests.Experiments;
using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Theory;

/// <summary>The laws of Fig. 5 and their fit.</summary>
public sealed class PspFitTests
{
    /// <summary>The paper prints 3.39 and, for vbar^2, 0.08; the curves of the table have these digits.</summary>
    private static readonly ConductancePspLaw Paper = new(1 / 0.2948, 0.2948, 3.4);

    private static readonly Lazy<PspFit> Figure5 = new(() => PspFit.Of(PspFile.Read(Repository.PathOf("experiments/fig05/psp.csv"))));

    [Fact]
    public void The_laws_give_the_curves_of_Fig_5()
    {
        var current = new PowerPspLaw(20, 1.1);
        IReadOnlyList<ReferenceTable.Row> rows = ReferenceTable.Rows("fig5");
        Assert.True(rows.Count > 5);
        foreach (ReferenceTable.Row row in rows)
        {
            double k = row["K"];
            Near.Relative(row["a_cond"], Paper.Efficacy(k), 1e-12, row.Where);
            Near.Relative(row["vbar_over_sqrt_a"], Paper.Argument(k), 1e-12, row.Where);
            Near.Relative(row["EPSP_cond_mV"], Paper.Amplitude(PspKind.Excitatory, k), 1e-12, row.Where);
            Near.Relative(row["IPSP_cond_mV"], Paper.Amplitude(PspKind.Inhibitory, k), 1e-12, row.Where);
            Near.Relative(row["EPSP_curr_mV"], current.Amplitude(PspKind.Excitatory, k), 1e-12, row.Where);
            Near.Relative(row["IPSP_curr_mV"], current.Amplitude(PspKind.Inhibitory, k), 1e-12, row.Where);
        }
    }

    [TheoryAttribute]
    [InlineData(1e-12)]
    [InlineData(0.1)]
    [InlineData(3.39)]
    [InlineData(20)]
    [InlineData(1e4)]
    [InlineData(1e30)]
    public void The_argument_solves_its_equation_at_any_K(double k)
    {
        double u = Paper.Argument(k);
        Near.Relative(k, Paper.Constant * u * Math.Exp(u * u), 1e-13 * (1 + Math.Abs(Math.Log(k))), $"K = {k}");
        double slope = -(Math.Log(Paper.Efficacy(k * 1.001)) - Math.Log(Paper.Efficacy(k / 1.001))) / (2 * Math.Log(1.001));
        Near.Relative(slope, Paper.LocalExponent(k), 1e-6, $"exponent at K = {k}");
    }

    [TheoryAttribute]
    [InlineData(PspScatter.Multiplicative)]
    [InlineData(PspScatter.Additive)]
    public void Points_on_a_law_give_its_parameters(PspScatter scatter)
    {
        var settings = new PspFitSettings { Resamples = 0, Scatter = scatter };
        var law = new ConductancePspLaw(12, 0.25, 2.7);
        FittedPspLaw fitted = PspFit.Of(Synthetic(law, 20, 0, seed: 1), settings)[PspFit.Conductance];
        foreach ((string name, double expected) in ((string, double)[])[("c", 12), ("vbar", 0.25), ("g", 2.7), ("c_vbar", 3)])
            Near.Relative(expected, Of(fitted, name).Value, 1e-9, name);
        fitted = PspFit.Of(Synthetic(Paper, 20, 0, seed: 1), settings)[PspFit.ConductanceOne];
        Near.Relative(0.2948, Of(fitted, "vbar").Value, 1e-9, "vbar, c vbar = 1");
        Near.Relative(3.4, Of(fitted, "g").Value, 1e-9, "g, c vbar = 1");
        fitted = PspFit.Of(Synthetic(new PowerPspLaw(35, 1.3, 0.7), 20, 0, seed: 1), settings)[PspFit.Power];
        foreach ((string name, double expected) in ((string, double)[])[("j0_mv", 35), ("g", 1.3), ("beta", 0.7)])
            Near.Relative(expected, Of(fitted, name).Value, 1e-9, name);
        fitted = PspFit.Of(Synthetic(new PowerPspLaw(20, 1.1), 20, 0, seed: 1), settings)[PspFit.Current];
        Near.Relative(20, Of(fitted, "j0_mv").Value, 1e-12, "J_0");
    }

    [Fact]
    public void Intervals_contain_the_truth_about_as_often_as_they_say()
    {
        // 95 % of 60 are 57; percentile intervals of 60 points cover somewhat less. 49 or fewer have a probability of 2e-3 at 91 %.
        const int Sets = 60;
        var covered = new Dictionary<string, int>();
        for (int set = 0; set < Sets; set++)
        {
            var settings = new PspFitSettings { Resamples = 200, Seed = set };
            Count(PspFit.Of(Synthetic(new ConductancePspLaw(12, 0.25, 2.7), 30, 0.3, set), settings)[PspFit.Conductance], ("c", 12), ("vbar", 0.25), ("g", 2.7));
            Count(PspFit.Of(Synthetic(new PowerPspLaw(20, 1.1, 0.6), 30, 0.3, set), settings)[PspFit.Power], ("j0_mv", 20), ("beta", 0.6));
        }

        Assert.Equal(5, covered.Count);
        Assert.All(covered, c => Assert.True(c.Value >= 50, $"{c.Key}: {c.Value} of {Sets}"));
        Assert.Contains(covered, c => c.Value < Sets);

        void Count(FittedPspLaw law, params (string Name, double Truth)[] truths)
        {
            foreach ((string name, double truth) in truths)
            {
                FittedParameter p = Of(law, name);
                string key = $"{law.Name} {name}";
                covered[key] = covered.GetValueOrDefault(key) + (p.Low <= truth && truth <= p.High ? 1 : 0);
            }
        }
    }

    [Fact]
    public void The_law_that_made_the_points_is_favoured()
    {
        var settings = new PspFitSettings { Resamples = 0 };
        PspFit fromConductance = PspFit.Of(Synthetic(Paper, 200, 0.2, seed: 3), settings);
        PspFit fromCurrent = PspFit.Of(Synthetic(new PowerPspLaw(20, 1.1), 200, 0.2, seed: 3), settings);
        Assert.StartsWith("the data favour the conductance-based law over the current-based law strongly", fromConductance.Verdict, StringComparison.Ordinal);
        Assert.StartsWith("the data favour the current-based law over", fromCurrent.Verdict, StringComparison.Ordinal);
        Assert.True(fromCurrent[PspFit.Current].Weight > fromCurrent[PspFit.Conductance].Weight);
        Assert.Equal(0, fromCurrent.Laws.Min(l => l.Delta));
        Near.Absolute(1, fromCurrent.Laws.Sum(l => l.Weight), 1e-12, "weights");
    }

    [Fact]
    public void Criteria_follow_from_the_scatter_of_the_logarithm()
    {
        FittedPspLaw law = Figure5.Value[PspFit.Current];
        double n = 286, logLikelihood = -n / 2 * (Math.Log(2 * Math.PI * law.RmsLog * law.RmsLog) + 1);
        Near.Relative(6 - (2 * logLikelihood), law.Aic, 1e-12, "AIC");
        Near.Relative(law.Aic + (24 / (n - 4)), law.AicCorrected, 1e-12, "AICc");
        Near.Relative((3 * Math.Log(n)) - (2 * logLikelihood), law.Bic, 1e-12, "BIC");
    }

    [Fact]
    public void The_points_of_Fig_5A_give_the_numbers_of_the_paper_where_c_vbar_is_1()
    {
        // 3.39 x 0.295 = 1.000: the paper has one free constant, and its least squares are on the logarithm. The RMS of its caption are 2.4 and 2.2 mV.
        PspFit fit = Figure5.Value;
        FittedPspLaw one = fit[PspFit.ConductanceOne], current = fit[PspFit.Current];
        foreach ((FittedPspLaw law, string name, double printed) in ((FittedPspLaw, string, double)[])
                 [(one, "vbar", 0.295), (one, "g", 3.4), (current, "j0_mv", 20), (current, "g", 1.1)])
        {
            FittedParameter p = Of(law, name);
            Near.Relative(printed, p.Value, 0.04, name);
            Assert.InRange(printed, p.Low, p.High);
        }

        Near.Absolute(2.4, one.Rms, 0.05, "RMS, conductance (mV)");
        Near.Absolute(2.2, current.Rms, 0.06, "RMS, current (mV)");
    }

    [Fact]
    public void With_c_free_the_points_of_Fig_5A_exclude_c_vbar_of_1_and_do_not_tell_the_laws_apart()
    {
        PspFit fit = Figure5.Value;
        Assert.True(Of(fit[PspFit.Conductance], "c_vbar").Low > 2);
        Assert.True(Of(fit[PspFit.Conductance], "c").Low > 3.39);
        Assert.InRange(3.4, Of(fit[PspFit.Conductance], "g").Low, Of(fit[PspFit.Conductance], "g").High);
        Assert.InRange(0.5, Of(fit[PspFit.Power], "beta").Low, Of(fit[PspFit.Power], "beta").High);
        Assert.StartsWith("the data do not tell", fit.Verdict, StringComparison.Ordinal);
        Assert.Contains("favour the current-based law", fit.VerdictOnOne, StringComparison.Ordinal);
    }

    [Fact]
    public void Points_steeper_than_the_law_can_be_are_said_to_be_so()
    {
        FittedPspLaw law = PspFit.Of(Synthetic(new PowerPspLaw(20, 1.1, 3), 20, 0.01, seed: 1), new PspFitSettings { Resamples = 20 })[PspFit.Conductance];
        Assert.Equal(double.PositiveInfinity, Of(law, "c").Value);
        Assert.Contains("steeper", law.Warnings[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Standard_deviations_are_weights_up_to_a_common_factor()
    {
        PspPoint[] points = Synthetic(Paper, 20, 0.3, seed: 5);
        PspFit With(Func<PspPoint, int, double> sd) =>
            PspFit.Of([.. points.Select((p, i) => p with { StandardDeviation = sd(p, i) })], new PspFitSettings { Resamples = 0 });
        double plain = Of(PspFit.Of(points, new PspFitSettings { Resamples = 0 })[PspFit.Power], "beta").Value;
        Near.Relative(plain, Of(With((p, _) => 0.1 * p.Amplitude)[PspFit.Power], "beta").Value, 1e-9, "equal relative errors");
        Near.Relative(
            With((p, i) => p.Amplitude * (1 + (i % 3)))[PspFit.Power].Aic, With((p, i) => 7 * p.Amplitude * (1 + (i % 3)))[PspFit.Power].Aic, 1e-9, "AIC");
        Assert.True(Math.Abs(plain - Of(With((p, i) => p.Amplitude * (1 + (i % 3)))[PspFit.Power], "beta").Value) > 1e-4);
    }

    [Fact]
    public void The_same_seed_gives_the_same_intervals()
    {
        PspPoint[] points = Synthetic(Paper, 10, 0.3, seed: 5);
        FittedParameter Vbar(int seed) => Of(PspFit.Of(points, new PspFitSettings { Resamples = 50, Seed = seed })[PspFit.Conductance], "vbar");
        Assert.Equal(Vbar(1), Vbar(1));
        Assert.NotEqual(Vbar(1), Vbar(2));
    }

    private static FittedParameter Of(FittedPspLaw law, string name) => law.Parameters.Single(p => p.Name == name);

    /// <summary>Points on a law at K from 10 to 1000, with a Gaussian factor; so many of each kind.</summary>
    private static PspPoint[] Synthetic(PspLaw law, int count, double scatter, int seed)
    {
        var random = new Random(seed);
        double Gaussian() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
        return
        [
            .. Enum.GetValues<PspKind>().SelectMany(kind => Enumerable.Range(0, count).Select(i =>
            {
                double k = 10 * Math.Pow(100, i / (count - 1.0));
                return new PspPoint(kind, k, law.Amplitude(kind, k) * Math.Exp(scatter * Gaussian()));
            })),
        ];
    }
}
