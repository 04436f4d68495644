using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

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
    internal static Vector512<T> Exp<T>(Vector512<T> x) =>
        typeof(T) == typeof(float) ? Exp(x.AsSingle()).As<float, T>() : Exp(x.AsDouble()).As<double, T>();

    /// <summary>-ln(1 - q) of q from 0 up to, but not including, 1; any number beyond.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<T> MinusLogOneMinus<T>(Vector512<T> q) =>
        typeof(T) == typeof(float) ? MinusLogOneMinus(q.AsSingle()).As<float, T>() : MinusLogOneMinus(q.AsDouble()).As<double, T>();

    // e^x = 2^n e^r with r = x - n ln 2, |r| <= ln 2/2, and a Taylor series for e^r. ln 2 has two parts, so that n ln 2 is as good as exact. Adding
    // 1.5 times 2^(bits of the fraction) rounds to a whole number, which then stands in the last bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Exp(Vector512<float> x)
    {
        x = Vector512.Max(Vector512.Min(x, Vector512.Create(SingleLimit)), Vector512.Create(-SingleLimit));
        Vector512<float> shifter = Vector512.Create(12582912f);
        Vector512<float> shifted = Vector512.FusedMultiplyAdd(x, Vector512.Create(1.44269504f), shifter), n = shifted - shifter;
        Vector512<float> r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-0.693145752f), x);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-1.42860677e-6f), r);
        Vector512<float> sum = Vector512.Create(1f / 5040);
        sum = Vector512.FusedMultiplyAdd(sum, r, Vector512.Create(1f / 720));
        sum = Vector512.FusedMultiplyAdd(sum, r, Vector512.Create(1f / 120));
        sum = Vector512.FusedMultiplyAdd(sum, r, Vector512.Create(1f / 24));
        sum = Vector512.FusedMultiplyAdd(sum, r, Vector512.Create(1f / 6));
        sum = Vector512.FusedMultiplyAdd(sum, r, Vector512.Create(0.5f));
        sum = Vector512.FusedMultiplyAdd(sum, r, Vector512.Create(1f));
        sum = Vector512.FusedMultiplyAdd(sum, r, Vector512.Create(1f));
        return (sum.AsInt32() + (shifted.AsInt32() << 23)).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> Exp(Vector512<double> x)
    {
        x = Vector512.Max(Vector512.Min(x, Vector512.Create(DoubleLimit)), Vector512.Create(-DoubleLimit));
        Vector512<double> shifter = Vector512.Create(6755399441055744.0);
        Vector512<double> shifted = Vector512.FusedMultiplyAdd(x, Vector512.Create(1.4426950408889634), shifter), n = shifted - shifter;
        Vector512<double> r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-0.693147180369123816490), x);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-1.90821492927058770002e-10), r);
        Vector512<double> sum = Vector512.Create(1.0 / 6227020800);
        sum = Vector512.FusedMultiplyAdd(sum, r, Vector512.Create(1.0 / 479001600));
        sum = Vector512.FusedMultiplyAdd(sum, r, Vector512.Create(1.0 / 39916800));
        sum = Vector512.FusedMultiplyAdd(sum, r, Vector512.Create(1.0 / 3628800));
        sum = Vector512.FusedMultiplyAdd(sum, r, Vector512.Create(1.0 / 362880));
        sum = Vector512.FusedMultiplyAdd(sum, r, Vector512.Create(1.0 / 40320));
        sum = Vector512.FusedMultiplyAdd(sum, r, Vector512.Create(1.0 / 5040));
        sum = Vector512.FusedMultiplyAdd(sum, r, Vector512.Create(1.0 / 720));
        sum = Vector512.FusedMultiplyAdd(sum, r, Vector512.Create(1.0 / 120));
        sum = Vector512.FusedMultiplyAdd(sum, r, Vector512.Create(1.0 / 24));
        sum = Vector512.FusedMultiplyAdd(sum, r, Vector512.Create(1.0 / 6));
        sum = Vector512.FusedMultiplyAdd(sum, r, Vector512.Create(0.5));
        sum = Vector512.FusedMultiplyAdd(sum, r, Vector512.Create(1.0));
        sum = Vector512.FusedMultiplyAdd(sum, r, Vector512.Create(1.0));
        return (sum.AsInt64() + (shifted.AsInt64() << 52)).AsDouble();
    }

    // 1 - q = 2^k f with f in [sqrt(1/2), sqrt 2): -ln = -k ln 2 - 2 artanh((f - 1)/(f + 1)). For k = 0, f - 1 is -q, free of the rounding of 1 - q.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> MinusLogOneMinus(Vector512<float> q)
    {
        Vector512<int> half = Vector512.Create(0x3F3504F3), bits = (Vector512<float>.One - q).AsInt32(), k = (bits - half) >> 23;
        Vector512<float> f = (bits - (k << 23)).AsSingle();
        Vector512<float> less = Vector512.ConditionalSelect(Vector512.Equals(k, Vector512<int>.Zero).AsSingle(), q, Vector512<float>.One - f);
        Vector512<float> s = less / (f + Vector512<float>.One), square = s * s, sum = Vector512.Create(2f / 9);
        sum = Vector512.FusedMultiplyAdd(sum, square, Vector512.Create(2f / 7));
        sum = Vector512.FusedMultiplyAdd(sum, square, Vector512.Create(2f / 5));
        sum = Vector512.FusedMultiplyAdd(sum, square, Vector512.Create(2f / 3));
        sum = Vector512.FusedMultiplyAdd(sum, square, Vector512.Create(2f));
        return Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(k), Vector512.Create(-0.693147181f), sum * s);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<double> MinusLogOneMinus(Vector512<double> q)
    {
        Vector512<long> half = Vector512.Create(0x3FE6A09E667F3BCD), bits = (Vector512<double>.One - q).AsInt64(), k = (bits - half) >> 52;
        Vector512<double> f = (bits - (k << 52)).AsDouble();
        Vector512<double> less = Vector512.ConditionalSelect(Vector512.Equals(k, Vector512<long>.Zero).AsDouble(), q, Vector512<double>.One - f);
        Vector512<double> s = less / (f + Vector512<double>.One), square = s * s, sum = Vector512.Create(2.0 / 21);
        sum = Vector512.FusedMultiplyAdd(sum, square, Vector512.Create(2.0 / 19));
        sum = Vector512.FusedMultiplyAdd(sum, square, Vector512.Create(2.0 / 17));
        sum = Vector512.FusedMultiplyAdd(sum, square, Vector512.Create(2.0 / 15));
        sum = Vector512.FusedMultiplyAdd(sum, square, Vector512.Create(2.0 / 13));
        sum = Vector512.FusedMultiplyAdd(sum, square, Vector512.Create(2.0 / 11));
        sum = Vector512.FusedMultiplyAdd(sum, square, Vector512.Create(2.0 / 9));
        sum = Vector512.FusedMultiplyAdd(sum, square, Vector512.Create(2.0 / 7));
        sum = Vector512.FusedMultiplyAdd(sum, square, Vector512.Create(2.0 / 5));
        sum = Vector512.FusedMultiplyAdd(sum, square, Vector512.Create(2.0 / 3));
        sum = Vector512.FusedMultiplyAdd(sum, square, Vector512.Create(2.0));
        return Vector512.FusedMultiplyAdd(Vector512.ConvertToDouble(k), Vector512.Create(-0.69314718055994530942), sum * s);
    }
}
