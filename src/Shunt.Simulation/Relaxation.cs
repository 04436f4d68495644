using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Shunt.Simulation;

/// <summary>
/// phi(x) = (1 - e^-x)/x for x >= 0, to the last few bits, by the same correctly rounded operations in every lane: the result depends neither on the width of the machine's
/// vectors nor on a library. Even and odd powers are summed side by side, which halves the latency.
/// </summary>
internal static class Relaxation
{
    /// <summary>Largest argument of the series; a step that resolves the membrane stays below it.</summary>
    private const double SeriesLimit = 0.25;

    private const int Terms = 12;

    /// <summary>(-1)^k / (k + 1)!, highest power first.</summary>
    private static readonly double[] Coefficients = MakeCoefficients();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<double> Phi(Vector512<double> x)
    {
        Vector512<double> phi = Series(x);
        return Vector512.GreaterThanAny(x, Vector512.Create(SeriesLimit)) ? Beyond(x, phi) : phi;
    }

    /// <summary>phi of one number; equal, bit for bit, to a lane of the vector form.</summary>
    internal static double Phi(double x)
    {
        int halvings = 0;
        for (; x > SeriesLimit; x *= 0.5) halvings++;
        double square = x * x, even = Coefficients[1], odd = Coefficients[0];
        for (int k = 3; k < Terms; k += 2)
        {
            even = Math.FusedMultiplyAdd(even, square, Coefficients[k]);
            odd = Math.FusedMultiplyAdd(odd, square, Coefficients[k - 1]);
        }

        double phi = Math.FusedMultiplyAdd(odd, x, even);
        for (; halvings > 0; halvings--)
        {
            phi *= 1 - (0.5 * x * phi); // phi(2x) = phi(x) (1 - x phi(x)/2)
            x += x;
        }

        return phi;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Series(Vector512<double> x)
    {
        Vector512<double> square = x * x, even = Vector512.Create(Coefficients[1]), odd = Vector512.Create(Coefficients[0]);
        for (int k = 3; k < Terms; k += 2)
        {
            even = Vector512.FusedMultiplyAdd(even, square, Vector512.Create(Coefficients[k]));
            odd = Vector512.FusedMultiplyAdd(odd, square, Vector512.Create(Coefficients[k - 1]));
        }

        return Vector512.FusedMultiplyAdd(odd, x, even);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Vector512<double> Beyond(Vector512<double> x, Vector512<double> phi)
    {
        for (int lane = 0; lane < Vector512<double>.Count; lane++)
        {
            if (x[lane] > SeriesLimit) phi = phi.WithElement(lane, Phi(x[lane]));
        }

        return phi;
    }

    private static double[] MakeCoefficients()
    {
        double[] c = new double[Terms];
        double factorial = 1;
        for (int k = 0; k < Terms; k++)
        {
            factorial *= k + 1;
            c[Terms - 1 - k] = (k % 2 == 0 ? 1 : -1) / factorial;
        }

        return c;
    }
}
