using System.Runtime.Intrinsics;
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
            double u = Math.Exp(-x), exact = u == 1 ? 1 : (1 - u) / -Math.Log(u); // the rounding of u cancels
            Assert.InRange(Relaxation.Phi(x) / exact, 1 - 2e-15, 1 + 2e-15);
        }

        Assert.Equal(1, Relaxation.Phi(0.0));
    }

    [Fact]
    public void Every_lane_equals_the_scalar_form_bit_for_bit() => Gen.Double[0, 8].Array[8].Sample(x =>
    {
        Vector512<double> phi = Relaxation.Phi(Vector512.Create(x));
        for (int lane = 0; lane < 8; lane++) Assert.Equal(BitConverter.DoubleToInt64Bits(Relaxation.Phi(x[lane])), BitConverter.DoubleToInt64Bits(phi[lane]));
    });
}
