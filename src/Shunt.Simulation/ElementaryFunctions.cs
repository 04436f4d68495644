using System.Numerics;
using System.Runtime.CompilerServices;

namespace Shunt.Simulation;

/// <summary>
/// e^x and -ln(1 - q) to the last few bits of single or double precision, by the same correctly rounded operations in every lane, as
/// <see cref="Relaxation"/>: a library may round differently from one machine to the next.
/// </summary>
internal static class ElementaryFunctions
{
    /// <summary>Beyond these, e^x would leave single precision; it is held there. In double precision the same would be 700.</summary>
    internal const float SingleLimit = 80;

    internal const double DoubleLimit = 700;

    /// <summary>e^x, of x between minus and plus the limit; T is float or double.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector<T> Exp<T>(Vector<T> x) =>
        typeof(T) == typeof(float) ? Exp(x.As<T, float>()).As<float, T>() : Exp(x.As<T, double>()).As<double, T>();

    /// <summary>-ln(1 - q) of q from 0 up to, but not including, 1; any number beyond.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector<T> MinusLogOneMinus<T>(Vector<T> q) =>
        typeof(T) == typeof(float) ? MinusLogOneMinus(q.As<T, float>()).As<float, T>() : MinusLogOneMinus(q.As<T, double>()).As<double, T>();

    // e^x = 2^n e^r with r = x - n ln 2, |r| <= ln 2/2, and a Taylor series for e^r. ln 2 has two parts, so that n ln 2 is as good as exact. Adding
    // 1.5 times 2^(bits of the fraction) rounds to a whole number, which then stands in the last bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> Exp(Vector<float> x)
    {
        x = Vector.Max(Vector.Min(x, Vector.Create(SingleLimit)), Vector.Create(-SingleLimit));
        Vector<float> shifter = Vector.Create(12582912f);
        Vector<float> shifted = Vector.FusedMultiplyAdd(x, Vector.Create(1.44269504f), shifter), n = shifted - shifter;
        Vector<float> r = Vector.FusedMultiplyAdd(n, Vector.Create(-0.693145752f), x);
        r = Vector.FusedMultiplyAdd(n, Vector.Create(-1.42860677e-6f), r);
        Vector<float> sum = Vector.Create(1f / 5040);
        sum = Vector.FusedMultiplyAdd(sum, r, Vector.Create(1f / 720));
        sum = Vector.FusedMultiplyAdd(sum, r, Vector.Create(1f / 120));
        sum = Vector.FusedMultiplyAdd(sum, r, Vector.Create(1f / 24));
        sum = Vector.FusedMultiplyAdd(sum, r, Vector.Create(1f / 6));
        sum = Vector.FusedMultiplyAdd(sum, r, Vector.Create(0.5f));
        sum = Vector.FusedMultiplyAdd(sum, r, Vector.Create(1f));
        sum = Vector.FusedMultiplyAdd(sum, r, Vector.Create(1f));
        return (sum.As<float, int>() + (shifted.As<float, int>() << 23)).As<int, float>();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<double> Exp(Vector<double> x)
    {
        x = Vector.Max(Vector.Min(x, Vector.Create(DoubleLimit)), Vector.Create(-DoubleLimit));
        Vector<double> shifter = Vector.Create(6755399441055744.0);
        Vector<double> shifted = Vector.FusedMultiplyAdd(x, Vector.Create(1.4426950408889634), shifter), n = shifted - shifter;
        Vector<double> r = Vector.FusedMultiplyAdd(n, Vector.Create(-0.693147180369123816490), x);
        r = Vector.FusedMultiplyAdd(n, Vector.Create(-1.90821492927058770002e-10), r);
        Vector<double> sum = Vector.Create(1.0 / 6227020800);
        sum = Vector.FusedMultiplyAdd(sum, r, Vector.Create(1.0 / 479001600));
        sum = Vector.FusedMultiplyAdd(sum, r, Vector.Create(1.0 / 39916800));
        sum = Vector.FusedMultiplyAdd(sum, r, Vector.Create(1.0 / 3628800));
        sum = Vector.FusedMultiplyAdd(sum, r, Vector.Create(1.0 / 362880));
        sum = Vector.FusedMultiplyAdd(sum, r, Vector.Create(1.0 / 40320));
        sum = Vector.FusedMultiplyAdd(sum, r, Vector.Create(1.0 / 5040));
        sum = Vector.FusedMultiplyAdd(sum, r, Vector.Create(1.0 / 720));
        sum = Vector.FusedMultiplyAdd(sum, r, Vector.Create(1.0 / 120));
        sum = Vector.FusedMultiplyAdd(sum, r, Vector.Create(1.0 / 24));
        sum = Vector.FusedMultiplyAdd(sum, r, Vector.Create(1.0 / 6));
        sum = Vector.FusedMultiplyAdd(sum, r, Vector.Create(0.5));
        sum = Vector.FusedMultiplyAdd(sum, r, Vector.Create(1.0));
        sum = Vector.FusedMultiplyAdd(sum, r, Vector.Create(1.0));
        return (sum.As<double, long>() + (shifted.As<double, long>() << 52)).As<long, double>();
    }

    // 1 - q = 2^k f with f in [sqrt(1/2), sqrt 2): -ln = -k ln 2 - 2 artanh((f - 1)/(f + 1)). For k = 0, f - 1 is -q, free of the rounding of 1 - q.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<float> MinusLogOneMinus(Vector<float> q)
    {
        Vector<int> half = Vector.Create(0x3F3504F3), bits = (Vector<float>.One - q).As<float, int>(), k = (bits - half) >> 23;
        Vector<float> f = (bits - (k << 23)).As<int, float>();
        Vector<float> less = Vector.ConditionalSelect(Vector.Equals(k, Vector<int>.Zero).As<int, float>(), q, Vector<float>.One - f);
        Vector<float> s = less / (f + Vector<float>.One), square = s * s, sum = Vector.Create(2f / 9);
        sum = Vector.FusedMultiplyAdd(sum, square, Vector.Create(2f / 7));
        sum = Vector.FusedMultiplyAdd(sum, square, Vector.Create(2f / 5));
        sum = Vector.FusedMultiplyAdd(sum, square, Vector.Create(2f / 3));
        sum = Vector.FusedMultiplyAdd(sum, square, Vector.Create(2f));
        return Vector.FusedMultiplyAdd(Vector.ConvertToSingle(k), Vector.Create(-0.693147181f), sum * s);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<double> MinusLogOneMinus(Vector<double> q)
    {
        Vector<long> half = Vector.Create(0x3FE6A09E667F3BCD), bits = (Vector<double>.One - q).As<double, long>(), k = (bits - half) >> 52;
        Vector<double> f = (bits - (k << 52)).As<long, double>();
        Vector<double> less = Vector.ConditionalSelect(Vector.Equals(k, Vector<long>.Zero).As<long, double>(), q, Vector<double>.One - f);
        Vector<double> s = less / (f + Vector<double>.One), square = s * s, sum = Vector.Create(2.0 / 21);
        sum = Vector.FusedMultiplyAdd(sum, square, Vector.Create(2.0 / 19));
        sum = Vector.FusedMultiplyAdd(sum, square, Vector.Create(2.0 / 17));
        sum = Vector.FusedMultiplyAdd(sum, square, Vector.Create(2.0 / 15));
        sum = Vector.FusedMultiplyAdd(sum, square, Vector.Create(2.0 / 13));
        sum = Vector.FusedMultiplyAdd(sum, square, Vector.Create(2.0 / 11));
        sum = Vector.FusedMultiplyAdd(sum, square, Vector.Create(2.0 / 9));
        sum = Vector.FusedMultiplyAdd(sum, square, Vector.Create(2.0 / 7));
        sum = Vector.FusedMultiplyAdd(sum, square, Vector.Create(2.0 / 5));
        sum = Vector.FusedMultiplyAdd(sum, square, Vector.Create(2.0 / 3));
        sum = Vector.FusedMultiplyAdd(sum, square, Vector.Create(2.0));
        return Vector.FusedMultiplyAdd(Vector.ConvertToDouble(k), Vector.Create(-0.69314718055994530942), sum * s);
    }
}
