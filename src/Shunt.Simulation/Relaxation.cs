using System.Numerics;
using System.Runtime.CompilerServices;

namespace Shunt.Simulation;

/// <summary>
/// phi(x) = (1 - e^-x)/x for x >= 0, to the last few bits of single or double precision, by the same correctly rounded operations in every lane: the result depends neither on
/// the width of the machine's vectors nor on a library. Even and odd powers are summed side by side, which halves the latency.
/// </summary>
internal static class Relaxation
{
    /// <summary>Largest argument of the series; a step that resolves the membrane stays below it.</summary>
    private const float SeriesLimit = 0.25f;

    /// <summary>phi in every lane. T is float or double.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector<T> Phi<T>(Vector<T> x)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        Vector.GreaterThanAny(x, Vector.Create(T.CreateTruncating(SeriesLimit))) ? Beyond(x) : Series(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<T> Series<T>(Vector<T> x) =>
        typeof(T) == typeof(float) ? Series(x.As<T, float>()).As<float, T>() : Series(x.As<T, double>()).As<double, T>();

    /// <summary>phi of one number.</summary>
    internal static double Phi(double x) => Phi(Vector.Create(x))[0];

    /// <summary>sum_k (-x)^k / (k + 1)! up to k = 6: the rest is below 1e-8 of the sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Series(Vector<float> x)
    {
        Vector<float> square = x * x;
        Vector<float> even = Vector.FusedMultiplyAdd(Vector.Create(1f / 5040), square, Vector.Create(1f / 120));
        Vector<float> odd = Vector.FusedMultiplyAdd(Vector.Create(-1f / 720), square, Vector.Create(-1f / 24));
        even = Vector.FusedMultiplyAdd(even, square, Vector.Create(1f / 6));
        odd = Vector.FusedMultiplyAdd(odd, square, Vector.Create(-1f / 2));
        even = Vector.FusedMultiplyAdd(even, square, Vector.Create(1f));
        return Vector.FusedMultiplyAdd(odd, x, even);
    }

    /// <summary>The same up to k = 11: the rest is below 1e-17.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<double> Series(Vector<double> x)
    {
        Vector<double> square = x * x;
        Vector<double> even = Vector.FusedMultiplyAdd(Vector.Create(1.0 / 39916800), square, Vector.Create(1.0 / 362880));
        Vector<double> odd = Vector.FusedMultiplyAdd(Vector.Create(-1.0 / 479001600), square, Vector.Create(-1.0 / 3628800));
        even = Vector.FusedMultiplyAdd(even, square, Vector.Create(1.0 / 5040));
        odd = Vector.FusedMultiplyAdd(odd, square, Vector.Create(-1.0 / 40320));
        even = Vector.FusedMultiplyAdd(even, square, Vector.Create(1.0 / 120));
        odd = Vector.FusedMultiplyAdd(odd, square, Vector.Create(-1.0 / 720));
        even = Vector.FusedMultiplyAdd(even, square, Vector.Create(1.0 / 6));
        odd = Vector.FusedMultiplyAdd(odd, square, Vector.Create(-1.0 / 24));
        even = Vector.FusedMultiplyAdd(even, square, Vector.Create(1.0));
        odd = Vector.FusedMultiplyAdd(odd, square, Vector.Create(-0.5));
        return Vector.FusedMultiplyAdd(odd, x, even);
    }

    /// <summary>Halves large arguments until the series holds, then doubles back: phi(2h) = phi(h) (1 - h phi(h)/2). A lane does only its own halvings.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)] // a call would cost the loop around it all its registers
    private static Vector<T> Beyond<T>(Vector<T> x)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Vector<T> h = x, half = Vector.Create(T.CreateTruncating(0.5f)), one = Vector<T>.One, limit = Vector.Create(T.CreateTruncating(SeriesLimit));
        int halvings = 0;
        for (; halvings < 64 && Vector.GreaterThanAny(h, limit); halvings++) h = Vector.ConditionalSelect(Vector.GreaterThan(h, limit), h * half, h);
        Vector<T> phi = Series(h);
        for (; halvings > 0; halvings--)
        {
            Vector<T> active = Vector.LessThan(h, x);
            phi = Vector.ConditionalSelect(active, phi * (one - (half * h * phi)), phi);
            h = Vector.ConditionalSelect(active, h + h, h);
        }

        return phi;
    }
}
