using System.Numerics;
using CsCheck;
using Shunt.Simulation;
using Xunit;

namespace Shunt.Tests.Simulation;

public class RelaxationTests
{
    [Fact]
    public void Phi_is_accurate_to_a_few_units_in_the_last_place()
    {
        for (double x = 1e-9; x < 60; x *= 1.0007)
        {
            Assert.InRange(Relaxation.Phi(x) / Exact(x), 1 - 2e-15, 1 + 2e-15);
            Assert.InRange(Relaxation.Phi(Vector.Create((float)x))[0] / Exact((float)x), 1 - 1.2e-6, 1 + 1.2e-6);
            if (x < 0.25) Assert.InRange(Relaxation.Phi(Vector.Create((float)x))[0] / Exact((float)x), 1 - 1.2e-7, 1 + 1.2e-7);
        }

        Assert.Equal(1, Relaxation.Phi(0.0));
    }

    /// <summary>What other lanes hold changes nothing, though they decide which branch is taken.</summary>
    [Fact]
    public void Every_lane_is_on_its_own() => Gen.Double[0, 8].Array[16].Sample(x =>
    {
        float[] single = [.. x.Select(y => (float)y)];
        Vector<double> phi = Relaxation.Phi(new Vector<double>(x));
        Vector<float> singlePhi = Relaxation.Phi(new Vector<float>(single));
        for (int lane = 0; lane < Vector<double>.Count; lane++) Assert.Equal(Relaxation.Phi(x[lane]), phi[lane]);
        for (int lane = 0; lane < Vector<float>.Count; lane++) Assert.Equal(Relaxation.Phi(Vector.Create(single[lane]))[3], singlePhi[lane]);
    });

    private static double Exact(double x)
    {
        double u = Math.Exp(-x);
        return u == 1 ? 1 : (1 - u) / -Math.Log(u); // the rounding of u cancels
    }
}
