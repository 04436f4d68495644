using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

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
    internal static Vector512<T> Phi<T>(Vector512<T> x)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        Vector512.GreaterThanAny(x, Vector512.Create(T.CreateTruncating(SeriesLimit))) ? Beyond(x) : Series(x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<T> Series<T>(Vector512<T> x) =>
        typeof(T) == typeof(float) ? Series(x.AsSingle()).As<float, T>() : Series(x.AsDouble()).As<double, T>();

    /// <summary>phi of one number.</summary>
    internal static double Phi(double x) => Phi(Vector512.Create(x))[0];

    /// <summary>sum_k (-x)^k / (k + 1)! up to k = 6: the rest is below 1e-8 of the sum.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Series(Vector512<float> x)
    {
        Vector512<float> square = x * x;
        Vector512<float> even = Vector512.FusedMultiplyAdd(Vector512.Create(1f / 5040), square, Vector512.Create(1f / 120));
        Vector512<float> odd = Vector512.FusedMultiplyAdd(Vector512.Create(-1f / 720), square, Vector512.Create(-1f / 24));
        even = Vector512.FusedMultiplyAdd(even, square, Vector512.Create(1f / 6));
        odd = Vector512.FusedMultiplyAdd(odd, square, Vector512.Create(-1f / 2));
        even = Vector512.FusedMultiplyAdd(even, square, Vector512.Create(1f));
        return Vector512.FusedMultiplyAdd(odd, x, even);
    }

    /// <summary>The same up to k = 11: the rest is below 1e-17.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Series(Vector512<double> x)
    {
        Vector512<double> square = x * x;
        Vector512<double> even = Vector512.FusedMultiplyAdd(Vector512.Create(1.0 / 39916800), square, Vector512.Create(1.0 / 362880));
        Vector512<double> odd = Vector512.FusedMultiplyAdd(Vector512.Create(-1.0 / 479001600), square, Vector512.Create(-1.0 / 3628800));
        even = Vector512.FusedMultiplyAdd(even, square, Vector512.Create(1.0 / 5040));
        odd = Vector512.FusedMultiplyAdd(odd, square, Vector512.Create(-1.0 / 40320));
        even = Vector512.FusedMultiplyAdd(even, square, Vector512.Create(1.0 / 120));
        odd = Vector512.FusedMultiplyAdd(odd, square, Vector512.Create(-1.0 / 720));
        even = Vector512.FusedMultiplyAdd(even, square, Vector512.Create(1.0 / 6));
        odd = Vector512.FusedMultiplyAdd(odd, square, Vector512.Create(-1.0 / 24));
        even = Vector512.FusedMultiplyAdd(even, square, Vector512.Create(1.0));
        odd = Vector512.FusedMultiplyAdd(odd, square, Vector512.Create(-0.5));
        return Vector512.FusedMultiplyAdd(odd, x, even);
    }

    /// <summary>Halves large arguments until the series holds, then doubles back: phi(2h) = phi(h) (1 - h phi(h)/2). A lane does only its own halvings.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)] // a call would cost the loop around it all its registers
    private static Vector512<T> Beyond<T>(Vector512<T> x)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        Vector512<T> h = x, half = Vector512.Create(T.CreateTruncating(0.5f)), one = Vector512<T>.One, limit = Vector512.Create(T.CreateTruncating(SeriesLimit));
        int halvings = 0;
        for (; halvings < 64 && Vector512.GreaterThanAny(h, limit); halvings++) h = Vector512.ConditionalSelect(Vector512.GreaterThan(h, limit), h * half, h);
        Vector512<T> phi = Series(h);
        for (; halvings > 0; halvings--)
        {
            Vector512<T> active = Vector512.LessThan(h, x);
            phi = Vector512.ConditionalSelect(active, phi * (one - (half * h * phi)), phi);
            h = Vector512.ConditionalSelect(active, h + h, h);
        }

        return phi;
    }
}
