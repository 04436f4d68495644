using System.Numerics;
using CsCheck;
using Shunt.Simulation;
using Xunit;

namespace Shunt.Tests.Simulation;

public class ElementaryFunctionsTests
{
    [Fact]
    public void Exponentials_are_accurate_to_a_few_units_in_the_last_place()
    {
        for (double x = -79.9; x < 80; x += 0.00713)
        {
            Assert.InRange(ElementaryFunctions.Exp(Vector.Create(x))[0] / Math.Exp(x), 1 - 4e-16, 1 + 4e-16);
            Assert.InRange(ElementaryFunctions.Exp(Vector.Create((float)x))[0] / Math.Exp((float)x), 1 - 2e-7, 1 + 2e-7);
        }

        Assert.InRange(ElementaryFunctions.Exp(Vector.Create(-650.0))[0] / Math.Exp(-650), 1 - 4e-16, 1 + 4e-16);
        Assert.Equal(1, ElementaryFunctions.Exp(Vector.Create(0.0))[0]);
        Assert.Equal(1, ElementaryFunctions.Exp(Vector.Create(0f))[0]);
    }

    [Fact]
    public void What_would_overflow_is_held_at_the_limit()
    {
        foreach (double x in new[] { 1e3, 1e300, double.PositiveInfinity })
        {
            Assert.InRange(ElementaryFunctions.Exp(Vector.Create(x))[0] / Math.Exp(700), 1 - 1e-15, 1 + 1e-15);
            Assert.InRange(ElementaryFunctions.Exp(Vector.Create(-x))[0] / Math.Exp(-700), 1 - 1e-15, 1 + 1e-15);
            Assert.InRange(ElementaryFunctions.Exp(Vector.Create((float)x))[0] / Math.Exp(80), 1 - 2e-7, 1 + 2e-7);
            Assert.InRange(ElementaryFunctions.Exp(Vector.Create((float)-x))[0] / Math.Exp(-80), 1 - 2e-7, 1 + 2e-7);
        }
    }

    [Fact]
    public void Logarithms_keep_their_relative_accuracy_from_tiny_arguments_to_the_edge_of_1()
    {
        for (double q = 1e-300; q < 1; q *= 1.013) Check(q);
        for (double left = 0.999; left > 1e-15; left /= 1.017) Check(1 - left);
        Assert.Equal(0, ElementaryFunctions.MinusLogOneMinus(Vector.Create(0.0))[0]);

        static void Check(double q)
        {
            Assert.InRange(ElementaryFunctions.MinusLogOneMinus(Vector.Create(q))[0] / Exact(q), 1 - 1e-15, 1 + 1e-15);
            float single = (float)q;
            if (single is < 1e-37f or >= 1) return; // denormal, or beyond what is asked for
            Assert.InRange(ElementaryFunctions.MinusLogOneMinus(Vector.Create(single))[0] / Exact(single), 1 - 3e-7, 1 + 3e-7);
        }
    }

    // 1 - q is exact from a half on; below, the argument of artanh is as good as q
    private static double Exact(double q) => q > 0.5 ? -Math.Log(1 - q) : 2 * Math.Atanh(q / (2 - q));

    [Fact]
    public void Every_lane_is_on_its_own() => Gen.Select(Gen.Double[-90, 90].Array[16], Gen.Double[0, 1].Array[16]).Sample((x, q) =>
    {
        float[] singleX = [.. x.Select(y => (float)y)], singleQ = [.. q.Select(y => (float)y)];
        Vector<double> exp = ElementaryFunctions.Exp(new Vector<double>(x)), log = ElementaryFunctions.MinusLogOneMinus(new Vector<double>(q));
        Vector<float> singleExp = ElementaryFunctions.Exp(new Vector<float>(singleX)), singleLog = ElementaryFunctions.MinusLogOneMinus(new Vector<float>(singleQ));
        for (int lane = 0; lane < Vector<double>.Count; lane++)
        {
            Assert.Equal(ElementaryFunctions.Exp(Vector.Create(x[lane]))[0], exp[lane]);
            Assert.Equal(ElementaryFunctions.MinusLogOneMinus(Vector.Create(q[lane]))[0], log[lane]);
        }

        for (int lane = 0; lane < Vector<float>.Count; lane++)
        {
            Assert.Equal(ElementaryFunctions.Exp(Vector.Create(singleX[lane]))[3], singleExp[lane]);
            Assert.Equal(ElementaryFunctions.MinusLogOneMinus(Vector.Create(singleQ[lane]))[3], singleLog[lane]);
        }
    });
}
