using Shunt.Theory;
using Xunit;

namespace Shunt.Tests.Theory;

public class ErrorFunctionsTests
{
    // x, erfcx(x), D(x), int_0^x erfcx, from 40-digit arithmetic
    private static readonly double[,] Exact =
    {
        { 1.0e-8, 0.999999988716208429, 9.99999999999999954e-9, 9.99999994358104219e-9 },
        { 0.1, 0.896456979969126637, 0.0993359923978528666, 0.0946735833061525556 },
        { 0.3, 0.73459933456765515, 0.282631665021311919, 0.256910649234539298 },
        { 0.5, 0.615690344192925875, 0.424436383502022296, 0.3913582448274259 },
        { 0.7, 0.525930337349440958, 0.510504057559231766, 0.505119305412704735 },
        { 1.0, 0.427583576155807004, 0.538079506912768419, 0.647259225165388398 },
        { 1.3, 0.357642669086090309, 0.483397517384824125, 0.764485099654423459 },
        { 2.0, 0.255395676310505744, 0.301340388923791966, 0.975362087484156024 },
        { 3.0, 0.17900115118138995, 0.178271030610558287, 1.18827793398128603 },
        { 4.0, 0.13699945762506139, 0.129348001236005116, 1.3444682575031582 },
        { 5.0, 0.110704637733068626, 0.102134074424276835, 1.46740694034077472 },
        { 6.2, 0.0898581083197459226, 0.0817380065582470214, 1.58688826291870103 },
        { 7.5, 0.074573693062876683, 0.067275811644630616, 1.69315827091966316 },
        { 8.1, 0.0691339201773431517, 0.0622100023668267933, 1.736229676740746 },
        { 9.0, 0.0623077240377746841, 0.0559050467243504607, 1.79527269513015594 },
        { 12.0, 0.0468542210148937626, 0.0418128764539882603, 1.9568288520948394 },
        { 20.0, 0.0281743487410513193, 0.0250313679264036719, 2.24440885584039817 },
        { 50.0, 0.0112815362653237725, 0.0100020012012, 2.7610749842421224 },
        { 1000.0, 0.000564189301453387654, 0.000500000250000375001, 4.45117966708247256 },
    };

    [Fact]
    public void Erfcx_dawson_and_the_integral_of_erfcx_agree_with_40_digit_arithmetic()
    {
        for (int i = 0; i < Exact.GetLength(0); i++)
        {
            double x = Exact[i, 0];
            Near.Relative(Exact[i, 1], ErrorFunctions.Erfcx(x), 2e-15, $"erfcx({x})");
            Near.Relative(Exact[i, 2], ErrorFunctions.Dawson(x), x == 50 ? 1e-10 : 2e-15, $"dawson({x})");
            Near.Absolute(Exact[i, 3], ErrorFunctions.ErfcxIntegral(x), 2e-15, $"G({x})");
            Near.Relative(Exact[i, 3], ErrorFunctions.ErfcxIntegral(0, x), 2e-15, $"G from 0 to {x}");
        }
    }

    [Fact]
    public void Erfcx_agrees_with_erfc_on_a_dense_scan_of_both_signs()
    {
        for (double x = -5; x < 5; x += 0.0137)
            Near.Relative(MathNet.Numerics.SpecialFunctions.Erfc(x) * Math.Exp(x * x), ErrorFunctions.Erfcx(x), 2e-14, $"erfcx({x})");
    }

    [Fact]
    public void Dawsons_function_is_odd_and_obeys_its_differential_equation_across_all_its_branches()
    {
        const double h = 1e-3;
        for (double x = 0.01; x < 12; x += 0.0171)
        {
            double D(int steps) => ErrorFunctions.Dawson(x + steps * h);
            double slope = (45 * (D(1) - D(-1)) - 9 * (D(2) - D(-2)) + D(3) - D(-3)) / (60 * h); // sixth order
            Near.Absolute(1 - 2 * x * D(0), slope, 1e-12, $"D'({x})");
            Assert.Equal(-D(0), ErrorFunctions.Dawson(-x));
        }
    }

    [Fact]
    public void The_integral_of_erfcx_over_a_short_interval_does_not_cancel()
    {
        foreach (double a in new[] { 0.0, 0.5, 3, 40, 1e6 })
        {
            double b = a + 1e-6;
            Near.Relative((ErrorFunctions.Erfcx(a) + ErrorFunctions.Erfcx(b)) / 2 * (b - a), ErrorFunctions.ErfcxIntegral(a, b), 1e-12, $"at {a}");
        }
    }
}
